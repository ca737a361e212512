package vmm.machine;

import vmm.firmware.boot.EntryState;
import vmm.kvm.GeneralRegisters;
import vmm.kvm.Segment;
import vmm.kvm.SystemRegisters;
import vmm.kvm.Vcpu;

/** Brings the first processor into the state that a boot protocol asks for. */
final class BootProcessor {
    private BootProcessor() {}

    static void prepare(Vcpu vcpu, EntryState entry) {
        vcpu.setSystemRegisters(new SystemRegisters(
                segment(entry.code()),
                segment(entry.data()),
                segment(entry.task()),
                entry.gdtBase(),
                entry.gdtLimit(),
                entry.cr0(),
                entry.cr3(),
                entry.cr4(),
                entry.efer()));
        vcpu.setRegisters(GeneralRegisters.entry(entry.rip(), entry.rsp(), entry.rbx(), entry.rsi()));
    }

    private static Segment segment(vmm.firmware.boot.Segment s) {
        return new Segment(
                s.base(), s.limit(), s.selector(), s.type(), !s.codeOrData(), s.dpl(), s.big(), s.longMode());
    }
}
