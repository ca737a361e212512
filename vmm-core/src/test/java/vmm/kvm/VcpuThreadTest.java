package vmm.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import vmm.bus.Bus;
import vmm.bus.BusDevice;
import vmm.memory.GuestMemory;

@Timeout(60)
class VcpuThreadTest {
    private static final int CODE = 0x1000;
    private static final int COUNTER = 0x2000;
    private static final int PORT = 0x80;

    /** inc dword [0x2000]; jmp back. */
    private static final int[] COUNTING = {0x66, 0xFF, 0x06, 0x00, 0x20, 0xEB, 0xF9};

    /** out 0x80, al; inc dword [0x2000]; jmp back. */
    private static final int[] TALKING = {0xE6, PORT, 0x66, 0xFF, 0x06, 0x00, 0x20, 0xEB, 0xF7};

    private final Bus ports = new Bus();
    private final BlockingQueue<VcpuEnd> ends = new ArrayBlockingQueue<>(1);
    private Kvm kvm;
    private GuestMemory memory;
    private VirtualMachine machine;
    private VcpuThread thread;

    @BeforeEach
    void openKvm() {
        assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "no " + Kvm.DEVICE + " that this user may open");
        kvm = Kvm.open();
        memory = GuestMemory.allocate(1 << 20);
        machine = kvm.createVirtualMachine();
        machine.map(memory);
        Vcpu vcpu = machine.createVcpu(0);
        vcpu.setRealMode();
        vcpu.setRegisters(GeneralRegisters.entry(CODE, CODE, 0, 0x1234, 0));
        thread = new VcpuThread(vcpu, ports, new Bus(), end -> {
            vcpu.close();
            ends.add(end);
        });
    }

    @AfterEach
    void closeKvm() throws InterruptedException {
        if (kvm != null) {
            thread.requestStop();
            thread.join();
            assertEquals(new VcpuEnd.Requested(), ends.poll(10, TimeUnit.SECONDS));
            machine.close();
            memory.close();
            kvm.close();
        }
    }

    private VcpuThread running(int... code) {
        for (int i = 0; i < code.length; i++) {
            memory.putByte(CODE + i, code[i]);
        }
        return thread;
    }

    private void awaitProgress() throws InterruptedException {
        int before = memory.getInt(COUNTER);
        while (memory.getInt(COUNTER) == before) {
            Thread.sleep(1);
        }
    }

    private void assertStandsStill() throws InterruptedException {
        int before = memory.getInt(COUNTER);
        Thread.sleep(50);
        assertEquals(before, memory.getInt(COUNTER));
    }

    @Test
    void aPausedVcpuStandsStillAndGoesOnWhereItWas() throws InterruptedException {
        running(COUNTING).start();
        for (int round = 0; round < 20; round++) {
            awaitProgress();
            thread.requestPause();
            thread.requestPause();
            thread.awaitPaused();
            assertStandsStill();
            thread.resume();
        }
        thread.resume();
        awaitProgress();
    }

    @Test
    void aVcpuThatIsPausedBeforeItsStartEntersNothing() throws InterruptedException {
        running(COUNTING).requestPause();
        thread.start();
        thread.awaitPaused();
        assertStandsStill();
        assertEquals(0, memory.getInt(COUNTER));
        thread.resume();
        awaitProgress();
    }

    @Test
    void aPausedVcpuCanBeStopped() throws InterruptedException {
        running(COUNTING).start();
        awaitProgress();
        thread.requestPause();
        thread.awaitPaused();
        thread.requestStop();
        thread.join();
        // Whoever waits for a pause that will never come does not wait for ever.
        thread.awaitPaused();
    }

    @Test
    void theAccessThatAVcpuCarriesIsEndedFirst() throws InterruptedException {
        AtomicInteger writes = new AtomicInteger();
        ports.add(PORT, 1, "pauses", new BusDevice() {
            @Override
            public long read(long offset, int size) {
                return 0;
            }

            @Override
            public void write(long offset, int size, long value) {
                // As a disk's worker does while a vCPU is in the device's registers.
                thread.requestPause();
                writes.incrementAndGet();
            }
        });
        running(TALKING).start();
        for (int round = 1; round <= 200; round++) {
            while (writes.get() < round) {
                Thread.onSpinWait();
            }
            thread.awaitPaused();
            assertEquals(round, writes.get());
            assertEquals(round - 1, memory.getInt(COUNTER));
            thread.resume();
        }
    }

    @Test
    void pausesFromManyThreadsLeaveItRunningInTheEnd() throws InterruptedException {
        running(COUNTING).start();
        List<Thread> others = new ArrayList<>();
        for (int seed = 0; seed < 4; seed++) {
            Random random = new Random(seed);
            others.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 2_000; i++) {
                    if (random.nextBoolean()) {
                        thread.requestPause();
                    } else {
                        thread.resume();
                    }
                }
            }));
        }
        for (Thread other : others) {
            other.join();
        }
        thread.resume();
        awaitProgress();
        thread.requestPause();
        thread.awaitPaused();
        assertStandsStill();
        assertNotEquals(0, memory.getInt(COUNTER));
        assertTrue(ends.isEmpty());
    }
}
