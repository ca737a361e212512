package vmm.kvm;

/** A vCPU's registers as lines of text. */
final class RegisterDump {
    private RegisterDump() {}

    /** Reads the registers of a vCPU that does not run. Its own thread only. */
    static String of(Vcpu vcpu) {
        GeneralRegisters r = vcpu.registers();
        Vcpu.ControlRegisters c = vcpu.controlRegisters();
        return """
                vCPU %d
                  RIP %016x  RFLAGS %016x  CS %04x (base %x)
                  RAX %016x  RBX %016x  RCX %016x  RDX %016x
                  RSI %016x  RDI %016x  RSP %016x  RBP %016x
                  R8  %016x  R9  %016x  R10 %016x  R11 %016x
                  R12 %016x  R13 %016x  R14 %016x  R15 %016x
                  CR0 %016x  CR2 %016x  CR3 %016x  CR4 %016x  EFER %x""".formatted(
                        vcpu.id(),
                        r.rip(),
                        r.rflags(),
                        c.codeSelector(),
                        c.codeBase(),
                        r.rax(),
                        r.rbx(),
                        r.rcx(),
                        r.rdx(),
                        r.rsi(),
                        r.rdi(),
                        r.rsp(),
                        r.rbp(),
                        r.r8(),
                        r.r9(),
                        r.r10(),
                        r.r11(),
                        r.r12(),
                        r.r13(),
                        r.r14(),
                        r.r15(),
                        c.cr0(),
                        c.cr2(),
                        c.cr3(),
                        c.cr4(),
                        c.efer());
    }
}
