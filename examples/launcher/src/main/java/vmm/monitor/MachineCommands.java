package vmm.monitor;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import vmm.control.QmpAnswer;
import vmm.machine.Boot;
import vmm.machine.MachineConfig;
import vmm.machine.RunState;
import vmm.machine.RunningMachine;
import vmm.machine.SerialConfig;

/** The commands on a machine as a whole. */
final class MachineCommands {
    private final RunningMachine machine;

    private MachineCommands(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        MachineCommands commands = new MachineCommands(machine);
        return List.of(
                Command.query("query-version", Version::tree),
                Command.query("query-name", () -> Map.of("name", machine.name())),
                Command.query("query-uuid", () -> Map.of("UUID", commands.uuid().toString())),
                Command.query("query-status", commands::status),
                Command.query("query-cpus-fast", commands::processors),
                Command.query("query-iothreads", commands::iothreads),
                Command.query("query-chardev", commands::characterDevices),
                Command.effect("stop", Schema.NONE, _ -> machine.pause()),
                Command.effect("cont", Schema.NONE, _ -> machine.resume()),
                Command.effect("system_reset", Schema.NONE, _ -> machine.reset()),
                Command.effect("system_powerdown", Schema.NONE, _ -> machine.pressPowerButton()),
                new Command("quit", Schema.NONE, _ -> new QmpAnswer(Map.of(), machine::quit)));
    }

    private UUID uuid() {
        return machine.config().boot() instanceof Boot.Firmware firmware
                ? firmware.identity().uuid()
                : new UUID(0, 0);
    }

    private Map<String, Object> status() {
        RunState state = machine.state();
        return Map.of("status", state.word(), "singlestep", false, "running", state == RunState.RUNNING);
    }

    private List<Map<String, Object>> processors() {
        Map<String, Long> threads = HostThreads.byName();
        List<Map<String, Object>> processors = new ArrayList<>();
        for (int i = 0; i < machine.config().cpus(); i++) {
            Map<String, Object> processor = new LinkedHashMap<>();
            processor.put("cpu-index", i);
            processor.put("qom-path", ObjectTree.processor(i));
            processor.put("thread-id", threads.getOrDefault("vcpu-" + i, 0L));
            processor.put("props", Map.of("core-id", i, "thread-id", 0, "socket-id", 0));
            processor.put("target", "x86_64");
            processors.add(processor);
        }
        return processors;
    }

    private List<Map<String, Object>> iothreads() {
        Map<String, Long> threads = HostThreads.byName();
        MachineConfig config = machine.config();
        List<Map<String, Object>> iothreads = new ArrayList<>();
        for (int number = 1; number <= config.iothreads(); number++) {
            Map<String, Object> iothread = new LinkedHashMap<>();
            iothread.put("id", "iothread" + number);
            iothread.put("thread-id", threads.getOrDefault("iothread" + number, 0L));
            iothread.put("poll-max-ns", config.loop().pollMaxNanos());
            iothread.put("poll-grow", 0);
            iothread.put("poll-shrink", 0);
            iothread.put("aio-max-batch", 0);
            iothreads.add(iothread);
        }
        return iothreads;
    }

    private List<Map<String, Object>> characterDevices() {
        List<Map<String, Object>> devices = new ArrayList<>();
        MachineConfig config = machine.config();
        config.control()
                .ifPresent(path ->
                        devices.add(characterDevice("compat_monitor0", "unix:" + path.socket() + ",server=on")));
        switch (config.serial()) {
            case SerialConfig.Stdio _ -> devices.add(characterDevice("serial0", "stdio"));
            case SerialConfig.ToFile file -> devices.add(characterDevice("serial0", "file"));
            case SerialConfig.UnixSocket socket ->
                devices.add(characterDevice("serial0", "unix:" + socket.path() + ",server=on"));
            case SerialConfig.None _ -> devices.add(characterDevice("serial0", "null"));
        }
        return devices;
    }

    private static Map<String, Object> characterDevice(String label, String filename) {
        return Map.of("label", label, "filename", filename, "frontend-open", true);
    }
}
