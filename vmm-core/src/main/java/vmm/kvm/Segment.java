package vmm.kvm;

/**
 * What a segment register holds, visible part and hidden part (Intel SDM 3A 3.4.3 and 3.4.5). The fields are those of
 * {@code struct kvm_segment}.
 *
 * @param selector the visible part: an offset into the GDT
 * @param base linear address of the segment's first byte
 * @param limit offset of the segment's last byte, in bytes whatever the granularity, unsigned
 * @param type the four type bits
 * @param dpl privilege level, 0 to 3
 * @param present the P bit
 * @param codeOrData the S bit: false for a system segment, as a TSS
 * @param longMode the L bit: 64-bit code
 * @param big the D/B bit: 32-bit operands by default
 * @param granular the G bit: the descriptor's limit counts pages
 */
public record Segment(
        int selector,
        long base,
        int limit,
        int type,
        int dpl,
        boolean present,
        boolean codeOrData,
        boolean longMode,
        boolean big,
        boolean granular) {
    /**
     * What the processor loads for a descriptor of 8 bytes (SDM 3A figure 3-8).
     *
     * @param selector where the descriptor is in the GDT
     * @param descriptor the descriptor as it is in memory, little-endian
     */
    public static Segment of(int selector, long descriptor) {
        boolean granular = bit(descriptor, 55);
        int rawLimit = (int) ((descriptor & 0xffff) | (descriptor >>> 32 & 0xf_0000));
        return new Segment(
                selector,
                (descriptor >>> 16 & 0xff_ffff) | (descriptor >>> 32 & 0xff00_0000L),
                granular ? rawLimit << 12 | 0xfff : rawLimit,
                (int) (descriptor >>> 40) & 0xf,
                (int) (descriptor >>> 45) & 3,
                bit(descriptor, 47),
                bit(descriptor, 44),
                bit(descriptor, 53),
                bit(descriptor, 54),
                granular);
    }

    private static boolean bit(long descriptor, int number) {
        return (descriptor >>> number & 1) != 0;
    }
}
