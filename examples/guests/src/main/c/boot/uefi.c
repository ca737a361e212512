/*
 * An application for UEFI firmware: prints the text at its end and how often it has been started, which a variable of
 * the firmware's keeps. After an odd start it resets the machine, after an even one it leaves.
 */
#define EFIAPI __attribute__((ms_abi))
#define DEBUG_EXIT 0xf4
#define EXIT_SUCCESS 0x10
#define EXIT_NO_VARIABLE 0x16
#define LASTING 7 /* non-volatile, for boot services and the running system */
#define RESET_COLD 0
#define MESSAGE_SIZE 512

typedef unsigned char byte;
typedef unsigned int word32;
typedef unsigned long word64;
typedef word64 status;

/* UEFI 2.10 12.4.1 */
struct text_output {
    void *reset;
    status(EFIAPI *output_string)(struct text_output *this, const __WCHAR_TYPE__ *text);
};

struct guid {
    word32 first;
    byte rest[12];
};

/* 4.2.1 */
struct table_header {
    word64 signature;
    word32 revision, size, crc, reserved;
};

/* 4.5.1 */
struct runtime_services {
    struct table_header header;
    void *time_and_memory[6];
    status(EFIAPI *get_variable)(
        const __WCHAR_TYPE__ *name, const struct guid *vendor, word32 *attributes, word64 *size, void *data);
    void *get_next_variable_name;
    status(EFIAPI *set_variable)(
        const __WCHAR_TYPE__ *name, const struct guid *vendor, word32 attributes, word64 size, const void *data);
    void *get_next_high_monotonic_count;
    void(EFIAPI *reset_system)(int type, status reason, word64 size, const void *data);
};

/* 4.3.1 */
struct system_table {
    struct table_header header;
    void *vendor;
    word64 vendor_revision;
    void *console_input[3];
    struct text_output *console;
    void *error_output[2];
    struct runtime_services *runtime;
};

static byte message[MESSAGE_SIZE] __attribute__((section(".message"))) = "?";

static const struct guid vendor = {0x3c9d1f52, {0x6e, 0x0b, 0x4d, 0x41, 0x9a, 0x77, 0x21, 0x5e, 0xc4, 0x80, 0x13, 0xd6}};

static void print(struct text_output *console, const byte *text)
{
    __WCHAR_TYPE__ character[2] = {0, 0};
    for (int i = 0; i < MESSAGE_SIZE && text[i] != 0; i++) {
        character[0] = text[i];
        console->output_string(console, character);
    }
}

static void leave(byte value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"((unsigned short)DEBUG_EXIT));
    for (;;) {
        __asm__ volatile("hlt");
    }
}

status EFIAPI start(void *image, struct system_table *system)
{
    (void)image;
    byte starts = 0;
    word64 size = sizeof starts;
    status read = system->runtime->get_variable(L"Starts", &vendor, 0, &size, &starts);
    starts = read == 0 ? starts + 1 : 1;
    status written = system->runtime->set_variable(L"Starts", &vendor, LASTING, sizeof starts, &starts);

    byte number[] = {'0' + starts / 10 % 10, '0' + starts % 10, 0};
    print(system->console, (const byte *)"Started by UEFI firmware from ");
    print(system->console, message);
    print(system->console, (const byte *)", start ");
    print(system->console, number);
    print(system->console, (const byte *)"\r\n");
    if (written != 0) {
        leave(EXIT_NO_VARIABLE);
    }
    if (starts % 2 == 1) {
        system->runtime->reset_system(RESET_COLD, 0, 0, 0);
    }
    leave(EXIT_SUCCESS);
    return 0;
}
