package vmm.lab.agent;

import java.nio.file.Path;
import java.util.List;

/** What a session asks of the machine that it runs on. Called from many threads. */
interface AgentHost {
    /** An empty folder for pipes, writable. */
    Path scratch();

    /** What goes before {@code mkfifo} and {@code kill}: nothing, or a busybox. */
    List<String> tools();

    /** A command is about to start. */
    void commandStarts();

    /** A command that started has ended. */
    void commandEnded();

    /** The client wants the machine off. */
    void shutDown();
}
