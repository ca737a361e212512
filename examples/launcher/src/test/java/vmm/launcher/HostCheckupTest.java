package vmm.launcher;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import vmm.linux.IoUring;

class HostCheckupTest {
    @Test
    void machinesRunWithoutIoUringAndTheUserIsToldWhatThatCosts() {
        Finding finding = HostCheckup.ioUring(new IoUring.Support(false, "io_uring is not available: a reason."));
        assertEquals(Finding.Verdict.WARNING, finding.verdict());
        assertEquals(
                "Disks are read and written by threads instead, which is slower. io_uring is not available: a reason.",
                finding.advice());
    }

    @Test
    void anIoUringThatWorksIsDescribed() {
        assertEquals(
                Finding.ok("io_uring", "io_uring works."),
                HostCheckup.ioUring(new IoUring.Support(true, "io_uring works.")));
    }
}
