package vmm.monitor;

import java.util.List;
import java.util.Map;
import vmm.control.QmpAnswer;
import vmm.control.QmpException;
import vmm.machine.RefusedException;
import vmm.machine.RunningMachine;
import vmm.monitor.Schema.JsonType;

/** The commands that plug and unplug devices. */
final class DeviceCommands {
    private final RunningMachine machine;

    private DeviceCommands(RunningMachine machine) {
        this.machine = machine;
    }

    static List<Command> of(RunningMachine machine) {
        DeviceCommands commands = new DeviceCommands(machine);
        return List.of(
                Command.effect("device_add", Schema.OPEN, arguments -> DeviceAdd.run(machine, arguments.tree())),
                Command.effect(
                        "device_del",
                        Schema.NONE.required("id", JsonType.STRING),
                        arguments -> commands.remove(arguments.string("id"))),
                new Command(
                        "device-list-properties",
                        Schema.NONE.required("typename", JsonType.STRING),
                        arguments -> QmpAnswer.of(properties(arguments.string("typename")))));
    }

    private void remove(String id) throws QmpException {
        Device device = Device.find(machine.config(), id).orElseThrow(() -> QmpException.deviceNotFound(id));
        try {
            machine.unplug(device.id());
        } catch (RefusedException refused) {
            switch (refused.kind()) {
                case NOT_FOUND -> throw QmpException.deviceNotFound(id);
                case IN_USE ->
                    throw QmpException.generic("Device " + device.id() + " is already in the process of unplug");
                case TAKEN, INVALID, UNSUPPORTED -> throw refused;
            }
        }
    }

    private static List<Map<String, Object>> properties(String driver) throws QmpException {
        DeviceType type = DeviceType.of(driver).orElseThrow(() -> QmpException.deviceNotFound(driver));
        return type.properties().stream().map(Property::toTree).toList();
    }
}
