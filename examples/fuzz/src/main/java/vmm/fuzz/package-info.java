/** What fuzz targets share. */
@NullMarked
package vmm.fuzz;

import org.jspecify.annotations.NullMarked;
