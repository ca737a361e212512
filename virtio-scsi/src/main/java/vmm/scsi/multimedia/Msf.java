package vmm.scsi.multimedia;

/** Addresses as minutes, seconds and frames, of which there are 75 in a second (MMC-6 4.2.5). */
final class Msf {
    private static final int FRAMES = 75;
    private static final int SECONDS = 60;

    /** The first logical block lies two seconds behind the beginning of time. */
    private static final int PREGAP = 2 * FRAMES;

    private Msf() {}

    /** The address of a logical block in the four bytes that tables give it: 0, minutes, seconds, frames. */
    static long of(long lba) {
        long frames = lba + PREGAP;
        long minutes = Math.min(frames / (FRAMES * SECONDS), 0xff);
        return minutes << 16 | frames / FRAMES % SECONDS << 8 | frames % FRAMES;
    }
}
