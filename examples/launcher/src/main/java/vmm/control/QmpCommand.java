package vmm.control;

import tools.jackson.databind.node.ObjectNode;

/** Something that a client can have done. */
@FunctionalInterface
public interface QmpCommand {
    /**
     * Does it. Any thread; the client waits meanwhile, others do not.
     *
     * @param arguments as the client wrote them, none of them checked
     * @throws QmpException if it cannot be done
     */
    QmpAnswer execute(ObjectNode arguments) throws QmpException;
}
