#!/bin/sh
# Builds every guest into the directory given (default: ../resources/vmm/guests). The same compiler gives the same bytes.
set -eu
export LC_ALL=C
cd "$(dirname "$0")"
out=${1:-../resources/vmm/guests}
mkdir -p "$out"
flags="-m64 -std=c17 -Os -Wall -Wextra -Werror -ffreestanding -nostdlib -static -fno-pic -no-pie
    -fno-stack-protector -fno-asynchronous-unwind-tables -fcf-protection=none -mno-red-zone -mgeneral-regs-only
    -frandom-seed=guest -s -Wl,--build-id=none -Wl,-z,max-page-size=4096 -Wl,--no-warn-rwx-segments -T guest.ld"
# shellcheck disable=SC2086 # The flags are words.
for guest in first-byte echo reset triple-fault unemulated power-button slots; do
    ${CC:-gcc} $flags -o "$out/$guest.elf" "$guest.S"
done
for guest in disks load transports; do
    # shellcheck disable=SC2046,SC2086
    ${CC:-gcc} $flags -o "$out/$guest.elf" common/boot.S common/*.c $(find $guest -name '*.[cS]' | sort)
done
for sector in text resets; do
    # shellcheck disable=SC2086
    ${CC:-gcc} ${flags%guest.ld}boot/sector.ld -o "$out/boot-$sector.bin" "boot/$sector.S"
    chmod -x "$out/boot-$sector.bin"
done
for kernel in kernel multiboot; do
    # shellcheck disable=SC2086
    ${CC:-gcc} ${flags%guest.ld}boot/$kernel.ld -o "$out/boot-$kernel.bin" "boot/$kernel.S"
    chmod -x "$out/boot-$kernel.bin"
done
# shellcheck disable=SC2086
${CC:-gcc} ${flags%guest.ld}boot/uefi.ld -fpie -fvisibility=hidden -fshort-wchar -o "$out/boot-uefi.efi" \
    boot/uefi.S boot/uefi.c
chmod -x "$out/boot-uefi.efi"
