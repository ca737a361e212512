package vmm.kvm;

import jdk.jfr.Category;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** One return of a vCPU to the VMM and how long the VMM took to answer it. */
@Name("vmm.Exit")
@Label("vCPU Exit")
@Category("VMM")
@StackTrace(false)
final class ExitEvent extends Event {
    @Label("vCPU")
    int vcpu;

    @Label("Exit Reason")
    int reason;

    @Label("Address")
    long address;

    @Label("Size")
    int size;

    @Label("Write")
    boolean write;

    /** Says what the exit was about, as {@code vcpu} still knows it. */
    void describe(Vcpu vcpu) {
        this.vcpu = vcpu.id();
        reason = vcpu.exitReason();
        if (reason == ExitReason.IO) {
            address = vcpu.ioPort();
            size = vcpu.ioSize();
            write = vcpu.ioIsWrite();
        } else if (reason == ExitReason.MMIO) {
            address = vcpu.mmioAddress();
            size = vcpu.mmioSize();
            write = vcpu.mmioIsWrite();
        }
    }
}
