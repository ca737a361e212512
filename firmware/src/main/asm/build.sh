#!/bin/sh
# Builds the option ROM into the directory given (default: ../resources/vmm/firmware/linux).
set -eu
export LC_ALL=C
cd "$(dirname "$0")"
out=${1:-../resources/vmm/firmware/linux}
mkdir -p "$out"
${CC:-gcc} -m64 -Wall -Wextra -Werror -nostdlib -static -no-pie -Wl,--build-id=none -T rom.ld \
    -o "$out/linux-loader.rom" linux-loader.S
chmod -x "$out/linux-loader.rom"
