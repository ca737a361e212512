package vmm.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import vmm.irq.MsiRoute;

final class MsixTest {
    private final FakeRouter router = new FakeRouter();
    private final Msix msix = new Msix(3, router);

    private void program(long vector, long address, int data, boolean mask) {
        msix.write(vector * 16, 4, address & 0xffff_ffffL);
        msix.write(vector * 16 + 4, 4, address >>> 32);
        msix.write(vector * 16 + 8, 4, data);
        msix.write(vector * 16 + 12, 4, mask ? 1 : 0);
    }

    @Test
    void beforeItIsEnabledNothingIsSentOrRemembered() {
        program(0, 0xfee0_0000L, 0x41, false);
        assertFalse(msix.signal(0));
        msix.control(true, false);
        assertEquals(0, router.signals());
        assertEquals(0, msix.read(2048, 8));
    }

    @Test
    void anUnmaskedVectorSendsTheMessageInItsEntry() {
        program(1, 0x1_fee0_1000L, 0x4142, false);
        msix.control(true, false);
        assertTrue(msix.signal(1));
        assertEquals(1, router.routes.get(1).signals());
        assertEquals(0x1_fee0_1000L, router.routes.get(1).address);
        assertEquals(0x4142, router.routes.get(1).data);
    }

    @Test
    void everyVectorIsMaskedAtFirst() {
        assertEquals(1, msix.read(12, 4));
        msix.control(true, false);
        assertTrue(msix.signal(0));
        assertEquals(0, router.signals());
        assertEquals(0b001, msix.read(2048, 8));
    }

    @Test
    void aMaskedVectorIsPendingAndSendsOnceWhenItIsUnmasked() {
        program(2, 0xfee0_0000L, 7, true);
        msix.control(true, false);
        msix.signal(2);
        msix.signal(2);
        assertEquals(0b100, msix.read(2048, 4));
        msix.write(2 * 16 + 12, 4, 0);
        assertEquals(1, router.routes.get(2).signals());
        assertEquals(7, router.routes.get(2).data);
        assertEquals(0, msix.read(2048, 4));
        msix.signal(2);
        assertEquals(2, router.routes.get(2).signals());
    }

    @Test
    void theFunctionMaskHoldsAllVectorsAndLeavesTheirOwnMasksAlone() {
        program(0, 0xfee0_0000L, 1, false);
        program(1, 0xfee0_0000L, 2, true);
        msix.control(true, true);
        msix.signal(0);
        msix.signal(1);
        assertEquals(0, router.signals());
        assertEquals(0b011, msix.read(2048, 8));
        msix.control(true, false);
        assertEquals(1, router.routes.get(0).signals());
        assertEquals(0, router.routes.get(1).signals());
        assertEquals(0b010, msix.read(2048, 8));
    }

    @Test
    void aMessageIsRoutedOnceForAllTheWritesUnderAMask() {
        msix.control(true, false);
        program(0, 0xfee0_0000L, 1, false);
        assertEquals(1, router.routes.get(0).updates);
        msix.write(12, 4, 1);
        msix.write(12, 4, 0);
        assertEquals(1, router.routes.get(0).updates);
        msix.write(8, 4, 2);
        assertEquals(2, router.routes.get(0).updates);
        assertEquals(2, router.routes.get(0).data);
    }

    @Test
    void entriesCanBeWrittenAndReadAsQwords() {
        msix.write(16, 8, 0x12_fee0_1003L);
        msix.write(24, 8, 0xffff_fffe_0000_0055L);
        assertEquals(0x12_fee0_1000L, msix.read(16, 8));
        assertEquals(0x55, msix.read(24, 8));
    }

    @Test
    void accessesOfOtherSizesAndPlacesDoNothing() {
        msix.write(0, 2, 0xffff);
        msix.write(2, 4, 0xffff);
        msix.write(2048, 8, -1);
        msix.write(4088, 8, -1);
        assertEquals(0, msix.read(0, 8));
        assertEquals(0, msix.read(1, 1));
        assertEquals(0, msix.read(2048, 8));
        assertEquals(0, msix.read(1024, 8));
        assertEquals(0, msix.read(4088, 8));
    }

    @Test
    void aResetMasksAndForgets() {
        program(0, 0xfee0_0000L, 1, false);
        msix.control(true, true);
        msix.signal(0);
        msix.reset();
        assertFalse(msix.enabled());
        assertEquals(0, msix.read(0, 8));
        assertEquals(1L << 32, msix.read(8, 8));
        assertEquals(0, msix.read(2048, 8));
    }

    @Test
    void theTableAndThePendingBitsShareARangeThatGrowsWithTheVectors() {
        assertEquals(4096, msix.size());
        assertEquals(2048, msix.pendingBitsOffset());
        Msix most = new Msix(Msix.MAX_VECTORS, router);
        assertEquals(32768, most.pendingBitsOffset());
        assertEquals(65536, most.size());
        most.control(true, false);
        most.signal(2047);
        assertEquals(1L << 63, most.read(32768 + 248, 8));
    }

    @Test
    void theWriteOfAMaskWaitsForTheMessageThatIsOnItsWay() throws InterruptedException {
        CountDownLatch sending = new CountDownLatch(1);
        CountDownLatch mayArrive = new CountDownLatch(1);
        AtomicInteger arrived = new AtomicInteger();
        Msix slow = new Msix(1, () -> new MsiRoute() {
            @Override
            public void update(long address, int data) {}

            @Override
            public void signal() {
                sending.countDown();
                try {
                    mayArrive.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
                arrived.incrementAndGet();
            }

            @Override
            public void close() {}
        });
        slow.control(true, false);
        slow.write(12, 4, 0);
        Thread sender = Thread.ofPlatform().start(() -> slow.signal(0));
        sending.await();
        AtomicInteger arrivedBeforeMask = new AtomicInteger(-1);
        Thread masker = Thread.ofPlatform().start(() -> {
            slow.write(12, 4, 1);
            arrivedBeforeMask.set(arrived.get());
        });
        masker.join(50);
        mayArrive.countDown();
        sender.join();
        masker.join();
        assertEquals(1, arrivedBeforeMask.get());
        slow.signal(0);
        assertEquals(1, arrived.get());
    }

    @Test
    void noSignalIsLostBetweenMaskingAndUnmasking() throws InterruptedException {
        // Edge by edge: after each signal the message was sent, or it will be when the vector is unmasked.
        program(0, 0xfee0_0000L, 1, false);
        msix.control(true, false);
        AtomicBoolean stop = new AtomicBoolean();
        Thread masker = Thread.ofPlatform().start(() -> {
            while (!stop.get()) {
                msix.write(12, 4, 1);
                msix.write(12, 4, 0);
            }
        });
        FakeRouter.Route route = router.routes.get(0);
        boolean lost = false;
        for (int i = 0; i < 2000 && !lost; i++) {
            int before = route.signals();
            msix.signal(0);
            long deadline = System.nanoTime() + 5_000_000_000L;
            while (route.signals() == before && !lost) {
                Thread.onSpinWait();
                lost = System.nanoTime() > deadline;
            }
        }
        stop.set(true);
        masker.join();
        assertFalse(lost);
    }
}
