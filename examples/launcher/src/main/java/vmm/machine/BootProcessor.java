package vmm.machine;

import vmm.firmware.boot.EntryState;
import vmm.kvm.GeneralRegisters;
import vmm.kvm.SystemRegisters;
import vmm.kvm.Vcpu;

/** Brings the first processor into the state that a boot protocol asks for. */
final class BootProcessor {
    private BootProcessor() {}

    static void prepare(Vcpu vcpu, EntryState entry) {
        vcpu.setSystemRegisters(new SystemRegisters(
                entry.code(),
                entry.data(),
                entry.task(),
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.cr0(),
                entry.cr3(),
                entry.cr4(),
                entry.efer()));
        vcpu.setRegisters(GeneralRegisters.entry(entry.rip(), entry.rsp(), entry.rax(), entry.rbx(), entry.rsi()));
    }
}
