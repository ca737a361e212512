package vmm.kvm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import vmm.bus.Doorbells;
import vmm.irq.MsiRoute;
import vmm.linux.Errno;
import vmm.linux.EventFd;
import vmm.linux.HostException;
import vmm.linux.KickSignal;
import vmm.memory.GuestMemory;
import vmm.memory.MemorySlots;

/** The kernel's KVM is the other side of each of these. */
class KvmTest {
    private static final int CODE = 0x1000;

    private Kvm kvm;
    private GuestMemory memory;
    private VirtualMachine machine;

    @BeforeEach
    void openKvm() {
        assumeTrue(Files.isWritable(Path.of(Kvm.DEVICE)), "no " + Kvm.DEVICE + " that this user may open");
        kvm = Kvm.open();
        memory = GuestMemory.allocate(1 << 20);
        machine = kvm.createVirtualMachine();
        machine.map(memory);
    }

    @AfterEach
    void closeKvm() {
        if (kvm != null) {
            machine.close();
            memory.close();
            kvm.close();
        }
    }

    private Vcpu realMode(int... code) {
        for (int i = 0; i < code.length; i++) {
            memory.putByte(CODE + i, code[i]);
        }
        Vcpu vcpu = machine.createVcpu(0);
        vcpu.setRealMode();
        vcpu.setRegisters(GeneralRegisters.entry(CODE, CODE, 0, 0x1234, 0));
        return vcpu;
    }

    @Test
    void everyRequiredCapabilityIsThere() {
        for (Capability capability : Capability.values()) {
            assertTrue(!capability.required() || kvm.check(capability) > 0, capability::toString);
        }
        assertTrue(kvm.mostVcpus() >= 1);
    }

    @Test
    void romIsReadAndExecutedAndAWriteToItComesBack() {
        assumeTrue(kvm.check(Capability.READONLY_MEM) > 0, "no read-only memory");
        try (GuestMemory rom = GuestMemory.allocate(1 << 16);
                Vcpu vcpu = machine.createVcpu(0)) {
            // At the reset vector: mov [0xfff0], al; mov al, cs:[0xfffe]; out 0x80, al
            rom.write(0xfff0, new byte[] {0x2e, (byte) 0xa2, (byte) 0xf0, (byte) 0xff});
            rom.write(0xfff4, new byte[] {0x2e, (byte) 0xa0, (byte) 0xfe, (byte) 0xff, (byte) 0xe6, (byte) 0x80});
            rom.putByte(0xfffe, 0x5a);
            machine.map(0xffff_0000L, rom.slice(0, rom.size()), MemorySlots.Access.READ_ONLY);
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.MMIO, vcpu.exitReason());
            assertTrue(vcpu.mmioIsWrite());
            assertEquals(0xffff_fff0L, vcpu.mmioAddress());
            assertEquals(0x2e, rom.getByte(0xfff0), "unchanged");
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.IO, vcpu.exitReason());
            assertEquals(0x5a, vcpu.ioData(0));
        }
    }

    @Test
    void memoryComesAndGoesAndItsSlotIsUsedAgain() {
        try (GuestMemory more = GuestMemory.allocate(1 << 16)) {
            for (int i = 0; i < 2000; i++) {
                machine.map(2 << 20, more.slice(0, more.size()), MemorySlots.Access.READ_WRITE)
                        .close();
            }
            machine.map(2 << 20, more.slice(0, more.size()), MemorySlots.Access.READ_WRITE);
            assertThrows(
                    HostException.class,
                    () -> machine.map(2 << 20, more.slice(0, more.size()), MemorySlots.Access.READ_ONLY));
        }
    }

    @Test
    void aGuestsPortWriteComesBackWithItsValue() {
        try (Vcpu vcpu = realMode(0xB8, 0x34, 0x12, 0xE7, 0x80)) { // mov ax, 0x1234; out 0x80, ax
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.IO, vcpu.exitReason());
            assertTrue(vcpu.ioIsWrite());
            assertEquals(0x80, vcpu.ioPort());
            assertEquals(2, vcpu.ioSize());
            assertEquals(1, vcpu.ioCount());
            assertEquals(0x1234, vcpu.ioData(0));
        }
    }

    @Test
    void anAnsweredPortReadReachesTheGuestsRegister() {
        try (Vcpu vcpu = realMode(0xE4, 0x42, 0xF4)) { // in al, 0x42; hlt
            assertEquals(0, vcpu.run());
            vcpu.answerIo(0, 0x5A);
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.HLT, vcpu.exitReason());
            assertEquals(0x5A, vcpu.registers().rax() & 0xff);
            assertEquals(0x1234, vcpu.registers().rbx());
        }
    }

    @Test
    void memoryWithoutRamIsReadAndWrittenByTheVmm() {
        // mov ax, 0xffff; mov ds, ax; mov al, [0x10]; inc al; mov [0x12], al: just above the one MiB of RAM
        try (Vcpu vcpu = realMode(0xB8, 0xFF, 0xFF, 0x8E, 0xD8, 0xA0, 0x10, 0x00, 0xFE, 0xC0, 0xA2, 0x12, 0x00)) {
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.MMIO, vcpu.exitReason());
            assertEquals(0x100000, vcpu.mmioAddress());
            assertEquals(1, vcpu.mmioSize());
            vcpu.answerMmio(0x41);
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.MMIO, vcpu.exitReason());
            assertTrue(vcpu.mmioIsWrite());
            assertEquals(0x100002, vcpu.mmioAddress());
            assertEquals(0x42, vcpu.mmioData());
        }
    }

    @Test
    void aKickEndsARunningGuestAndIsNotLostBeforeIt() throws Exception {
        CountDownLatch started = new CountDownLatch(1);
        CountDownLatch kickedOnce = new CountDownLatch(1);
        AtomicReference<KickSignal> kick = new AtomicReference<>();
        List<Integer> results = new ArrayList<>();
        try (Vcpu vcpu = realMode(0xEB, 0xFE)) { // a loop of one jump
            Thread thread = Thread.ofPlatform().start(() -> {
                KickSignal signal = KickSignal.forCurrentThread();
                vcpu.letIn(signal);
                kick.set(signal);
                started.countDown();
                results.add(vcpu.run());
                signal.drain();
                signal.send();
                results.add(vcpu.run());
                signal.drain();
                kickedOnce.countDown();
            });
            assertTrue(started.await(10, TimeUnit.SECONDS));
            Thread.sleep(50);
            kick.get().send();
            assertTrue(kickedOnce.await(10, TimeUnit.SECONDS));
            thread.join();
            assertEquals(List.of(-Errno.EINTR, -Errno.EINTR), results);
        }
    }

    @Test
    void aPortDoorbellRingsInTheKernel() {
        try (EventFd bell = EventFd.create();
                Vcpu vcpu = realMode(0xE6, 0x42, 0xE6, 0x42, 0xF4)) { // out 0x42, al, twice; hlt
            Doorbells.Doorbell doorbell = machine.connect(Doorbells.Space.PORT, 0x42, 1, Doorbells.ANY_VALUE, bell);
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.HLT, vcpu.exitReason());
            assertEquals(2, bell.drain());
            doorbell.close();
            vcpu.setRegisters(GeneralRegisters.entry(CODE, CODE, 0, 0, 0));
            assertEquals(0, vcpu.run());
            assertEquals(ExitReason.IO, vcpu.exitReason());
        }
    }

    @Test
    void twoDoorbellsAtOneAddressAreRefused() {
        try (EventFd bell = EventFd.create();
                EventFd other = EventFd.create();
                Doorbells.Doorbell first = machine.connect(Doorbells.Space.MMIO, 0x10000000L, 0, -1, bell)) {
            assertThrows(HostException.class, () -> machine.connect(Doorbells.Space.MMIO, 0x10000000L, 0, -1, other));
            assertNotEquals(null, first);
        }
    }

    @Test
    void messageRoutesAreAllocatedUpdatedAndGivenBack() {
        machine.createInterruptControllers();
        List<MsiRoute> routes = new ArrayList<>();
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 64; i++) {
                MsiRoute route = machine.interrupts().allocate();
                route.update(0xFEE00000L, 0x4000 + i);
                route.signal();
                routes.add(route);
            }
            routes.forEach(MsiRoute::close);
            routes.clear();
        }
        machine.interrupts().line(4).set(true);
        machine.interrupts().line(4).set(false);
    }

    @Test
    void theSpeedProbeMeasuresACost() {
        double nanos = SpeedProbe.nanosPerInstruction(kvm);
        assertTrue(nanos > 0.01 && nanos < 100_000, () -> nanos + " ns per instruction");
    }
}
