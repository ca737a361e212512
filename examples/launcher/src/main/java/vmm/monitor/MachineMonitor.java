package vmm.monitor;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import vmm.control.QmpCommand;
import vmm.control.QmpEvent;
import vmm.control.QmpService;
import vmm.machine.MachineEvent;
import vmm.machine.RunningMachine;

/** What a running machine offers in QMP. Any thread may call. */
public final class MachineMonitor implements QmpService {
    private final RunningMachine machine;
    private final Map<String, Command> commands = new TreeMap<>();
    private final Map<Consumer<QmpEvent>, Consumer<MachineEvent>> listeners = new ConcurrentHashMap<>();

    /** The monitor of a machine. */
    public MachineMonitor(RunningMachine machine) {
        this.machine = machine;
        Stream.of(
                        MachineCommands.of(machine),
                        DeviceCommands.of(machine),
                        BlockCommands.of(machine),
                        BlockTree.of(machine),
                        PciQueries.of(machine),
                        VirtioQueries.of(machine),
                        ObjectTree.of(machine),
                        FaultCommands.of(machine),
                        HumanMonitor.of(machine),
                        OwnQueries.of(machine))
                .flatMap(List::stream)
                .forEach(command -> commands.put(command.name(), command));
    }

    @Override
    public Object version() {
        return Version.tree();
    }

    @Override
    public List<String> commands() {
        return List.copyOf(commands.keySet());
    }

    @Override
    public @Nullable QmpCommand find(String name) {
        return commands.get(name);
    }

    @Override
    public void listen(Consumer<QmpEvent> listener) {
        Consumer<MachineEvent> translator = event -> Events.translate(event).forEach(listener);
        if (listeners.putIfAbsent(listener, translator) == null) {
            machine.listen(translator);
        }
    }

    @Override
    public void unlisten(Consumer<QmpEvent> listener) {
        Consumer<MachineEvent> translator = listeners.remove(listener);
        if (translator != null) {
            machine.unlisten(translator);
        }
    }
}
