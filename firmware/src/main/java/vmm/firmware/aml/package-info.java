/**
 * Writes ACPI Machine Language (ACPI 6.5 chapter 20). A term is its encoding: the factories of
 * {@link vmm.firmware.aml.Aml} put the encodings of their arguments together, so that nested calls read as ASL does.
 * The types {@code Term}, {@code TermArg} and {@code SuperName} are the grammar's, and keep a statement from standing
 * where a value must.
 */
@NullMarked
package vmm.firmware.aml;

import org.jspecify.annotations.NullMarked;
