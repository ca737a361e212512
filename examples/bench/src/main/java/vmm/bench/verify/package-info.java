/** Hours of random writes that a Linux guest reads back and checks. */
@NullMarked
package vmm.bench.verify;

import org.jspecify.annotations.NullMarked;
