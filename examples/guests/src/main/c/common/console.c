/* Text on the first serial port. */
#include "guest.h"
#include "../pvh.h"

#define THRE_POLLS 10000

static void print_byte(char c)
{
    for (int i = 0; i < THRE_POLLS && !(in8(COM1_LSR) & LSR_THRE); i++)
        ;
    out8(COM1, c);
}

void print(const char *text)
{
    for (; *text; text++) {
        if (*text == '\n')
            print_byte('\r');
        print_byte(*text);
    }
}

void print_hex(uint64_t value, int digits)
{
    while (digits--)
        print_byte("0123456789abcdef"[value >> (4 * digits) & 15]);
}

void print_decimal(uint64_t value)
{
    char digits[20];
    int count = 0;
    do {
        digits[count++] = '0' + value % 10;
        value /= 10;
    } while (value);
    while (count)
        print_byte(digits[--count]);
}

static void print_printable(uint8_t c)
{
    print_byte(c >= ' ' && c <= '~' ? c : '.');
}

void print_quoted(const uint8_t *text, size_t width)
{
    size_t length = 0;
    while (length < width && text[length])
        length++;
    while (length && text[length - 1] == ' ')
        length--;
    print_byte('"');
    for (size_t i = 0; i < length; i++)
        print_printable(text[i]);
    print_byte('"');
}

static uint32_t crc32(const uint8_t *data, size_t size)
{
    /* Four bits at a time: a table that is small, and few instructions where each of them is slow. */
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };
    uint32_t crc = ~0U;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

void print_block(uint64_t lba, const uint8_t *data, size_t size, uint64_t ticks_taken)
{
    print("  block ");
    print_decimal(lba);
    print(" crc32 ");
    print_hex(crc32(data, size), 8);
    print(" ");
    for (int i = 0; i < 16; i++)
        print_hex(data[i], 2);
    print(" |");
    for (int i = 0; i < 16; i++)
        print_printable(data[i]);
    print("| ticks ");
    print_decimal(ticks_taken);
    print("\n");
}
