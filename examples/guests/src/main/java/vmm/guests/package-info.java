/** The built guests. Their sources are in {@code src/main/c}, and {@code build.sh} there makes the files. */
@NullMarked
package vmm.guests;

import org.jspecify.annotations.NullMarked;
