/** What single steps of the data path cost, in time and in garbage. */
@NullMarked
package vmm.bench;

import org.jspecify.annotations.NullMarked;
