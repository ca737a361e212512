package vmm.virtio.pci;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import vmm.memory.GuestFaultException;
import vmm.virtio.Activation;
import vmm.virtio.QueueSetup;
import vmm.virtio.VirtioDevice;

/** A device with some queues and a configuration of 20 bytes, which checks how its transport calls it. */
final class FakeDevice implements VirtioDevice {
    static final long OFFERED = 1L << 28 | 1L << 29 | 1L << 5 | 1L << 34 | 1L << 40;
    static final int CONFIG_SIZE = 20;

    final byte[] config = new byte[CONFIG_SIZE];
    private final int type;
    private final int[] queueSizes;

    /** The queues that run. */
    final Set<Integer> enabled = new TreeSet<>();

    @Nullable
    Activation activation;

    @Nullable
    QueueSetup enabledAgain;

    int activations;
    int resets;
    boolean refuse;
    Runnable whileResetting = () -> {};

    FakeDevice(int type, int... queueSizes) {
        this.type = type;
        this.queueSizes = queueSizes;
    }

    Activation activation() {
        return Objects.requireNonNull(activation);
    }

    @Override
    public int type() {
        return type;
    }

    @Override
    public long features() {
        return OFFERED;
    }

    @Override
    public int[] queueSizes() {
        return queueSizes.clone();
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    @Override
    public long readConfig(int offset, int size) {
        assertTrue(offset >= 0 && offset + size <= CONFIG_SIZE);
        long value = 0;
        for (int i = 0; i < size; i++) {
            value |= (config[offset + i] & 0xffL) << (8 * i);
        }
        return value;
    }

    @Override
    public void writeConfig(int offset, int size, long value) {
        assertTrue(offset >= 0 && offset + size <= CONFIG_SIZE);
        for (int i = 0; i < size; i++) {
            config[offset + i] = (byte) (value >>> (8 * i));
        }
    }

    @Override
    public void activate(Activation newActivation) {
        assertEquals(activations, resets, "activate and reset alternate");
        activations++;
        activation = newActivation;
        enabled.clear();
        newActivation.queues().stream().filter(Objects::nonNull).forEach(queue -> enabled.add(queue.index()));
        if (refuse) {
            throw new GuestFaultException("A ring is outside memory.");
        }
    }

    @Override
    public void resetQueue(int index) {
        assertTrue(enabled.remove(index), "only what runs is reset");
    }

    @Override
    public void enableQueue(QueueSetup setup) {
        assertTrue(activation != null && !enabled.contains(setup.index()));
        enabled.add(setup.index());
        enabledAgain = setup;
    }

    @Override
    public void reset() {
        whileResetting.run();
        resets++;
        assertEquals(activations, resets, "activate and reset alternate");
        activation = null;
    }
}
