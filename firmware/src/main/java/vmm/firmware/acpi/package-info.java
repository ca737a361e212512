/** The ACPI tables (ACPI 6.5 chapter 5) that describe this machine to its guest. */
@NullMarked
package vmm.firmware.acpi;

import org.jspecify.annotations.NullMarked;
