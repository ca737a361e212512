package vmm.scsi;

/**
 * A page of vital product data (SPC-5 7.7).
 *
 * @param code the page code
 * @param content writes what follows the four bytes of the page's header
 * @param <N> the kind of logical unit, by what it keeps for an initiator
 */
record VpdPage<N extends ItlNexus>(int code, Content<? super N> content) {
    /** Writes the content of a page. */
    @FunctionalInterface
    interface Content<N extends ItlNexus> {
        void write(N nexus, ParameterData data);
    }
}
