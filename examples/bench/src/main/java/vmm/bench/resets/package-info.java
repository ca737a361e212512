/** {@code examples/bench/resets}: Linux with more SCSI targets and resets than anybody needs. */
@NullMarked
package vmm.bench.resets;

import org.jspecify.annotations.NullMarked;
