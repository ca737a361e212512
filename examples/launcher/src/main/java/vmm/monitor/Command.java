package vmm.monitor;

import java.util.Map;
import tools.jackson.databind.node.ObjectNode;
import vmm.control.QmpAnswer;
import vmm.control.QmpCommand;
import vmm.control.QmpException;
import vmm.linux.HostException;
import vmm.machine.ConfigurationException;
import vmm.machine.RefusedException;

/**
 * A command of QMP.
 *
 * @param name as clients write it
 * @param schema what its arguments are
 * @param action what it does
 */
record Command(String name, Schema schema, Action action) implements QmpCommand {
    /** What a command does, with arguments that are checked. */
    @FunctionalInterface
    interface Action {
        QmpAnswer run(Arguments arguments) throws QmpException;
    }

    /** What a command tells. */
    @FunctionalInterface
    interface Query {
        Object ask() throws QmpException;
    }

    /** What a command does that has nothing to say. */
    @FunctionalInterface
    interface Effect {
        void run(Arguments arguments) throws QmpException;
    }

    /** A command without arguments that tells something. */
    static Command query(String name, Query query) {
        return new Command(name, Schema.NONE, _ -> QmpAnswer.of(query.ask()));
    }

    /** A command that does something and says nothing. */
    static Command effect(String name, Schema schema, Effect effect) {
        return new Command(name, schema, arguments -> {
            effect.run(arguments);
            return QmpAnswer.of(Map.of());
        });
    }

    @Override
    public QmpAnswer execute(ObjectNode arguments) throws QmpException {
        Arguments checked = schema.check(arguments);
        try {
            return action.run(checked);
        } catch (RefusedException | HostException | ConfigurationException refused) {
            throw QmpException.generic(sentence(refused));
        }
    }

    /** QMP's descriptions end without a full stop. */
    private static String sentence(RuntimeException refused) {
        String message = String.valueOf(refused.getMessage());
        return message.endsWith(".") ? message.substring(0, message.length() - 1) : message;
    }
}
