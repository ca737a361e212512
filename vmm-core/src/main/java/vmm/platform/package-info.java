/** The devices of an old PC that guests still look for: UART, RTC, keyboard controller, reset, debug exit. */
@NullMarked
package vmm.platform;

import org.jspecify.annotations.NullMarked;
