package vmm.launcher;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import vmm.kvm.Capability;
import vmm.kvm.Kvm;
import vmm.kvm.SpeedProbe;
import vmm.linux.HostException;

/** Looks at KVM: whether it is there and may be used, what it can do, and how fast it is. */
final class KvmCheckup {
    private KvmCheckup() {}

    static List<Finding> findings() {
        List<Finding> findings = new ArrayList<>();
        try (Kvm kvm = Kvm.open()) {
            findings.add(Finding.ok(
                    Kvm.DEVICE,
                    "API version " + kvm.apiVersion() + ", at most " + kvm.mostVcpus() + " vCPUs, "
                            + kvm.check(Capability.NR_VCPUS) + " recommended"));
            for (Capability capability : Capability.values()) {
                findings.add(capability(kvm, capability));
            }
            findings.add(speed(kvm));
        } catch (HostException missing) {
            findings.add(Finding.failed(Kvm.DEVICE, "cannot be used", String.valueOf(missing.getMessage())));
        }
        return findings;
    }

    private static Finding capability(Kvm kvm, Capability capability) {
        String name = "KVM_CAP_" + capability;
        int answer = kvm.check(capability);
        if (answer > 0) {
            return Finding.ok(name, capability.purpose() + (answer > 1 ? " (" + answer + ")" : ""));
        }
        String fact = "missing: " + capability.purpose();
        return capability.required()
                ? Finding.failed(name, fact, "No machine can run; boot a newer Linux kernel.")
                : Finding.warning(name, fact, "Machines run without what it is for.");
    }

    private static Finding speed(Kvm kvm) {
        String name = "speed of guest kernel code";
        double nanos;
        try {
            nanos = SpeedProbe.nanosPerInstruction(kvm);
        } catch (HostException broken) {
            return Finding.failed(name, "cannot be measured", String.valueOf(broken.getMessage()));
        }
        String figure = String.format(Locale.ROOT, "%.2f ns per instruction", nanos);
        return SpeedProbe.isHardware(nanos)
                ? Finding.ok(name, figure + ", that of the processor")
                : Finding.warning(
                        name,
                        figure + ": this KVM interprets it",
                        "Small guests run, but Linux would take minutes or stop;"
                                + " run it in the nested lab with: vmm lab run -- ./vmm run ...");
    }
}
