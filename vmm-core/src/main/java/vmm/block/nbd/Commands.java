package vmm.block.nbd;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import vmm.block.BlockRequest;

/** The commands of a connection: as many as were ever wanted at once. */
final class Commands {
    private final List<Command> all = new ArrayList<>();
    private final Fifo free = new Fifo();
    private int used;

    /** A slot for {@code request}, from its beginning. */
    Command take(BlockRequest request, Command.Client client) {
        Command command = free.poll();
        if (command == null) {
            command = new Command(all.size());
            all.add(command);
        }
        used++;
        command.request = request;
        command.client = client;
        command.position = 0;
        command.flushed = false;
        command.attempts = 0;
        return command;
    }

    /** Gives a slot back. */
    void release(Command command) {
        used--;
        command.state = Command.State.FREE;
        command.request = null;
        command.client = null;
        free.add(command);
    }

    /** How many slots are not free. */
    int used() {
        return used;
    }

    /** How many slots there are. */
    int count() {
        return all.size();
    }

    /** A slot, free or not. */
    Command get(int index) {
        return all.get(index);
    }

    /** The command on its way that a reply with {@code cookie} answers; null if there is none. */
    @Nullable
    Command find(long cookie) {
        int index = (int) cookie;
        if (index < 0 || index >= all.size()) {
            return null;
        }
        Command command = all.get(index);
        return command.isOnItsWay() && !command.answered && command.cookie() == cookie ? command : null;
    }

    /** Makes all commands on their way older by a tick. Returns true if one of them is {@code limit} ticks old now. */
    boolean age(int limit) {
        boolean old = false;
        for (int i = 0; i < all.size(); i++) {
            Command command = all.get(i);
            old |= command.isOnItsWay() && ++command.age >= limit;
        }
        return old;
    }

    /** Commands in order of their arrival, linked through themselves. One can be in one queue only. */
    static final class Fifo {
        private @Nullable Command first;
        private @Nullable Command last;

        boolean isEmpty() {
            return first == null;
        }

        void add(Command command) {
            if (last == null) {
                first = command;
            } else {
                last.next = command;
            }
            last = command;
        }

        /** The first, which stays there; null if there is none. */
        @Nullable
        Command peek() {
            return first;
        }

        /** Takes the first out; null if there is none. */
        @Nullable
        Command poll() {
            Command command = first;
            if (command != null) {
                first = command.next;
                if (first == null) {
                    last = null;
                }
                command.next = null;
            }
            return command;
        }
    }
}
