package vmm.launcher;

import java.io.IOException;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import vmm.control.QmpClient;

/** {@code vmm dumpxml}: a running machine in libvirt's words. */
@Command(
        name = "dumpxml",
        description = "Describes a running machine as a libvirt domain, with what is plugged now.",
        footer = {
            "",
            "What libvirt has no word for, as disks in memory, is said in a comment.",
            "",
            "Example:",
            "  vmm dumpxml web > web.xml",
            "  vmm run --xml web.xml",
            "",
            "Exit status: 0, or 1 if the machine does not run."
        })
final class DumpXmlCommand extends ControlCommand {
    @Option(names = "--json", description = "Puts the description into JSON.")
    private boolean json;

    DumpXmlCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        try (QmpClient client = connect()) {
            String xml = client.execute("x-vmm-dumpxml").path("xml").stringValue("");
            if (json) {
                console().out().println(Json.write(Map.of("xml", xml)));
            } else {
                console().out().print(xml);
                console().out().flush();
            }
        }
        return 0;
    }
}
