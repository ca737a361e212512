package vmm.launcher;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import vmm.block.ByteSize;
import vmm.control.QmpClient;
import vmm.machine.ConfigurationException;
import vmm.monitor.RemoteMachine;

/** {@code vmm resize}: gives the image of a running machine's disk another size. */
@Command(
        name = "resize",
        description = "Gives the image of a running machine's disk another size, and tells the guest.",
        footer = {
            "",
            "What is beyond a smaller size is lost; shrink what the guest keeps there before.",
            "",
            "Example:",
            "  vmm resize web data 20G",
            "",
            "Exit status: 0 it has that size, 1 the machine refused, 2 wrong usage."
        })
final class ResizeCommand extends ControlCommand {
    private static final int SECTOR = 512;

    @Parameters(index = "1", paramLabel = "ID", description = "The disk's id.")
    private String id = "";

    @Parameters(index = "2", paramLabel = "SIZE", description = "Such as 20G; a plain number counts bytes.")
    private String size = "";

    @Option(names = "--json", description = "Tells the size as JSON.")
    private boolean json;

    ResizeCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        long bytes = Sizes.parse("SIZE", size, 'B');
        if (bytes == 0 || bytes % SECTOR != 0) {
            throw new ConfigurationException(
                    "A disk holds a multiple of 512 bytes, and " + size + " is not; write for example 20G.");
        }
        try (QmpClient client = connect()) {
            new RemoteMachine(client).resize(id, bytes);
        }
        if (json) {
            Map<String, Object> facts = new LinkedHashMap<>();
            facts.put("machine", name());
            facts.put("id", id);
            facts.put("size", bytes);
            console().out().println(Json.write(facts));
        } else {
            console().out().println(id + " of " + name() + " has " + ByteSize.format(bytes) + ".");
        }
        return 0;
    }
}
