package vmm.block.nbd;

import vmm.event.LoopOptions;

/** The same conversations on a host that has no io_uring. */
class ConversationWithoutRingTest extends ConversationTest {
    @Override
    LoopOptions.Kind kindOfLoop() {
        return LoopOptions.Kind.POLL;
    }
}
