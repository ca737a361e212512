package vmm.bench.compare;

import java.io.IOException;
import java.util.List;

/** Where contenders are measured. */
interface Rig {
    /**
     * Boots a guest on one of them and has it run rows, which are of one bus.
     *
     * @return what they came to, in the rows' order
     */
    List<Sample> run(Contender contender, List<Row> rows) throws IOException, InterruptedException;
}
