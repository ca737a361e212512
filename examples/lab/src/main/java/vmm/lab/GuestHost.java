package vmm.lab;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import vmm.kvm.Kvm;
import vmm.kvm.SpeedProbe;
import vmm.linux.HostException;

/**
 * Where Linux guests run at a bearable speed: on this machine, if its KVM runs guest kernels on hardware, else in the
 * lab, else nowhere. {@code VMM_GUESTS} set to {@code direct}, {@code lab} or {@code none} decides for itself.
 */
public final class GuestHost implements AutoCloseable {
    /** The three answers. */
    public enum Place {
        /** On this machine. */
        DIRECT,
        /** In the lab. */
        LAB,
        /** Nowhere; {@link GuestHost#reason} says why. */
        NONE
    }

    private final Place place;
    private final String reason;
    private final LabConfig config;
    private final Progress progress;
    private @Nullable Lab lab;

    private GuestHost(Place place, String reason, LabConfig config, Progress progress) {
        this.place = place;
        this.reason = reason;
        this.config = config;
        this.progress = progress;
    }

    /** Chooses. Starts nothing yet. */
    public static GuestHost choose(LabConfig config, Progress progress) {
        return choose(System.getenv(), GuestHost::kvmIsFast, Lab.obstacle(), config, progress);
    }

    private static boolean kvmIsFast() {
        try (Kvm kvm = Kvm.open()) {
            return SpeedProbe.isHardware(SpeedProbe.nanosPerInstruction(kvm));
        } catch (HostException none) {
            return false;
        }
    }

    static GuestHost choose(
            Map<String, String> environment,
            BooleanSupplier kvmIsFast,
            String obstacle,
            LabConfig config,
            Progress progress) {
        String wish = environment.getOrDefault("VMM_GUESTS", "");
        Place place;
        String reason;
        switch (wish) {
            case "direct" -> {
                place = Place.DIRECT;
                reason = "VMM_GUESTS says so";
            }
            case "lab" -> {
                place = Place.LAB;
                reason = "VMM_GUESTS says so";
            }
            case "none" -> {
                place = Place.NONE;
                reason = "VMM_GUESTS=none";
            }
            case "" -> {
                if (environment.containsKey("VMM_LAB") || kvmIsFast.getAsBoolean()) {
                    place = Place.DIRECT;
                    reason = "KVM here runs guest kernels at hardware speed";
                } else if (obstacle.isEmpty()) {
                    place = Place.LAB;
                    reason = "KVM is missing here, or interprets guest kernels";
                } else {
                    place = Place.NONE;
                    reason = "KVM is missing here or interprets guest kernels, and " + obstacle;
                }
            }
            default ->
                throw new HostException("VMM_GUESTS is " + wish + "; set it to direct, lab or none, or not at all.");
        }
        return new GuestHost(place, reason, config, progress);
    }

    /** Where guests run. */
    public Place place() {
        return place;
    }

    /** Why they run there, as the end of a sentence. */
    public String reason() {
        return reason;
    }

    /**
     * Runs a command there and waits for it.
     *
     * @return its exit status, 128 plus the signal that ended it, or {@link Lab#TIMED_OUT}
     * @throws HostException if there is no such place, or the lab was lost
     */
    public int run(List<String> command, RunOptions options) {
        return switch (place) {
            case DIRECT -> runHere(command, options);
            case LAB -> lab().run(command, options);
            case NONE -> throw new HostException("No guest can run here: " + reason + ".");
        };
    }

    private synchronized Lab lab() {
        if (lab == null) {
            lab = Lab.start(config, progress);
        }
        return lab;
    }

    private static int runHere(List<String> command, RunOptions options) {
        try {
            return DirectRun.run(command, options);
        } catch (IOException e) {
            throw new HostException("Cannot run " + command.getFirst() + ": " + e.getMessage() + ".", e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("Interrupted while " + command.getFirst() + " ran.", e);
        }
    }

    /** Lets go of the lab, which stays up for others. */
    @Override
    public synchronized void close() {
        if (lab != null) {
            lab.close();
        }
    }
}
