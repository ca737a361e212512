package vmm.launcher;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import vmm.control.ControlPath;
import vmm.control.QmpClient;
import vmm.linux.HostException;

/** {@code vmm list}: the machines that run. */
@Command(
        name = "list",
        description = "Lists your running machines.",
        footer = {
            "",
            "What machines have left that were killed is taken away. Machines started with --control PATH or --control"
                    + " none are not listed.",
            "",
            "Examples:",
            "  vmm list",
            "  vmm list --json",
            "",
            "Exit status: 0."
        })
final class ListCommand extends Subcommand {
    /** A machine that says nothing for so long is listed as one that says nothing. */
    private static final int PATIENCE_SECONDS = 3;

    @Option(names = "--json", description = "Lists them as JSON.")
    private boolean json;

    ListCommand(Console console) {
        super(console);
    }

    @Override
    public Integer call() throws IOException {
        ControlPath.removeAbandoned();
        Map<String, CompletableFuture<JsonNode>> asked = new LinkedHashMap<>();
        for (String name : ControlPath.running()) {
            asked.put(name, ask(name));
        }
        List<JsonNode> machines = new ArrayList<>();
        asked.forEach((name, answer) -> machines.add(answer.join()));
        if (json) {
            console().out().println(Json.write(machines));
        } else {
            Table table = new Table("NAME", "PID", "STATE", "MEMORY", "VCPUS", "DISKS");
            for (JsonNode machine : machines) {
                table.add(
                        machine.path("name").stringValue(""),
                        number(machine, "pid"),
                        machine.path("status").stringValue(""),
                        machine.has("memory") ? (machine.path("memory").longValue() >> 20) + " MiB" : "-",
                        number(machine, "vcpus"),
                        number(machine, "disks"));
            }
            console().out().println(table);
        }
        return 0;
    }

    private static String number(JsonNode machine, String key) {
        return machine.has(key) ? Long.toString(machine.path(key).longValue()) : "-";
    }

    private static CompletableFuture<JsonNode> ask(String name) {
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        Thread.ofPlatform().name("list").daemon().start(() -> {
            try (QmpClient client = QmpClient.connect(ControlPath.of(name).socket())) {
                answer.complete(client.execute("x-vmm-query-machine"));
            } catch (IOException | HostException ended) {
                answer.complete(silent(name, "ended"));
            }
        });
        return answer.completeOnTimeout(silent(name, "silent"), PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    private static JsonNode silent(String name, String state) {
        return JsonNodeFactory.instance.objectNode().put("name", name).put("status", state);
    }
}
