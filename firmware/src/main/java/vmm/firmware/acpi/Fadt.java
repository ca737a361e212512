package vmm.firmware.acpi;

import java.util.List;

/** The Fixed ACPI Description Table (ACPI 6.5 5.2.9), in the layout of ACPI 6.0. */
final class Fadt {
    private static final int MAJOR_VERSION = 6;
    private static final int MINOR_VERSION = 0;

    /** FIRMWARE_CTRL, DSDT and X_DSDT. */
    static final List<AcpiTables.Pointer> POINTERS = List.of(
            new AcpiTables.Pointer(36, Integer.BYTES),
            new AcpiTables.Pointer(40, Integer.BYTES),
            new AcpiTables.Pointer(140, Long.BYTES));

    private static final int PM1_EVENT_LENGTH = 4;
    private static final int PM1_CONTROL_LENGTH = 2;
    private static final int PM_TIMER_LENGTH = 4;
    private static final int GPE0_LENGTH = 4;

    /** Latencies that say that C2 and C3 do not exist. */
    private static final int NO_C2 = 101;

    private static final int NO_C3 = 1001;

    /** Where the RTC's CMOS has the century. */
    private static final int CENTURY = 0x32;

    private static final int BOOT_LEGACY_DEVICES = 1 << 0;
    private static final int BOOT_8042 = 1 << 1;
    private static final int BOOT_NO_VGA = 1 << 2;

    private static final int WBINVD = 1 << 0;
    private static final int PROC_C1 = 1 << 2;
    private static final int SLP_BUTTON = 1 << 5; // there is no fixed sleep button
    private static final int FIX_RTC = 1 << 6; // waking by RTC has no fixed status bit
    private static final int RESET_REG_SUP = 1 << 10;

    private Fadt() {}

    static byte[] table(AcpiConfig config, long facs, long dsdt) {
        return new SystemTable("FACP", MAJOR_VERSION)
                .u32(facs)
                .u32(dsdt)
                .u8(0) // reserved
                .u8(0) // preferred power management profile: unspecified
                .u16(AcpiConfig.SCI_IRQ)
                .u32(0) // SMI_CMD: none, the machine is always in ACPI mode
                .zeros(4) // ACPI_ENABLE, ACPI_DISABLE, S4BIOS_REQ, PSTATE_CNT
                .u32(config.pmBase())
                .u32(0) // PM1b_EVT_BLK
                .u32(config.pm1aControl())
                .u32(0) // PM1b_CNT_BLK
                .u32(0) // PM2_CNT_BLK
                .u32(config.pmTimer())
                .u32(config.gpe0())
                .u32(0) // GPE1_BLK
                .u8(PM1_EVENT_LENGTH)
                .u8(PM1_CONTROL_LENGTH)
                .u8(0) // PM2_CNT_LEN
                .u8(PM_TIMER_LENGTH)
                .u8(GPE0_LENGTH)
                .zeros(3) // GPE1_BLK_LEN, GPE1_BASE, CST_CNT
                .u16(NO_C2)
                .u16(NO_C3)
                .u16(0) // FLUSH_SIZE: WBINVD works
                .u16(0) // FLUSH_STRIDE
                .u8(0) // DUTY_OFFSET
                .u8(0) // DUTY_WIDTH
                .u8(0) // DAY_ALRM
                .u8(0) // MON_ALRM
                .u8(CENTURY)
                .u16(BOOT_LEGACY_DEVICES | BOOT_8042 | BOOT_NO_VGA)
                .u8(0) // reserved
                .u32(WBINVD | PROC_C1 | SLP_BUTTON | FIX_RTC | RESET_REG_SUP)
                .port(AcpiConfig.RESET_PORT, 1, 1)
                .u8(AcpiConfig.RESET_VALUE)
                .u16(0) // ARM_BOOT_ARCH
                .u8(MINOR_VERSION)
                .u64(0) // X_FIRMWARE_CTRL: zero where FIRMWARE_CTRL is not
                .u64(dsdt)
                .port(config.pmBase(), PM1_EVENT_LENGTH, 2)
                .noPort() // X_PM1b_EVT_BLK
                .port(config.pm1aControl(), PM1_CONTROL_LENGTH, 2)
                .noPort() // X_PM1b_CNT_BLK
                .noPort() // X_PM2_CNT_BLK
                .port(config.pmTimer(), PM_TIMER_LENGTH, 4)
                .port(config.gpe0(), GPE0_LENGTH, 1)
                .noPort() // X_GPE1_BLK
                .noPort() // SLEEP_CONTROL_REG
                .noPort() // SLEEP_STATUS_REG
                .u64(0) // hypervisor vendor identity
                .toByteArray();
    }
}
