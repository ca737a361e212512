# Runs fio for each row, once to warm up and once to measure, and prints what the bare-metal guest would print.
option() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
case $(option bus) in scsi) disk=/dev/sda ;; *) disk=/dev/vda ;; esac

interrupts() {
    awk '/virtio/ { for (i = 2; i <= NF && $i ~ /^[0-9]+$/; i++) sum += $i } END { print sum + 0 }' /proc/interrupts
}

# job RW BLOCK-SIZE DEPTH SECONDS
job() {
    before=$(interrupts)
    echo "begin rw=$1 bs=$2 qd=$3"
    fio --name=row --filename="$disk" --rw="$1" --bs="$2" --iodepth="$3" --runtime="$4" --time_based --direct=1 \
        --ioengine=libaio --norandommap --thread --minimal --terse-version=3 >/tmp/row 2>&1 || cat /tmp/row
    irqs=$(($(interrupts) - before))
    # The fields of reads start at the 6th, those of writes at the 47th: KiB, KiB/s, IOPS, ms, ...
    awk -F ';' -v irqs="$irqs" '/^3;/ {
        first = $8 > 0 ? 6 : 47
        for (i = first + 12; i < first + 32; i++) {
            split($i, share, "%=")
            micros[share[1] + 0] = share[2]
        }
        printf "end ios=%.0f ns=%.0f p50=%.0f p99=%.0f irqs=%d errors=%d\n", $(first + 2) * $(first + 3) / 1000,
            $(first + 3) * 1000000, micros[50] * 1000, micros[99] * 1000, irqs, $5
    }' /tmp/row
}

for row in $(option rows | tr , ' '); do
    words=$(echo "$row" | tr : ' ')
    job $words "$(option warm-up)"
    job $words "$(option seconds)"
done
echo Finished
