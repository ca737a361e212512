# Writes to every disk with random block sizes and depths, reads it back and checks it, round after round.
option() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
end=$(($(date +%s) + $(option seconds)))
case $(option bus) in scsi) disks="sda sdb sdc sdd" ;; *) disks="vda vdb vdc vdd" ;; esac

name() {
    cat "/sys/block/$1/serial" 2>/dev/null || dd if="/sys/block/$1/device/vpd_pg80" bs=1 skip=4 2>/dev/null
}

# The requests and bytes that fio's report $1 tells of: those written, then those read and checked.
counts() {
    awk '
        /^ *"(read|write|trim)" : / { kind = $1 }
        /^ *"io_bytes" : / { bytes[kind] = $3 + 0 }
        /^ *"total_ios" : / { ios[kind] = $3 + 0 }
        END {
            printf "%d %.0f %d %.0f\n", ios["\"write\""], bytes["\"write\""], ios["\"read\""], bytes["\"read\""]
        }' "$1"
}

rounds() {
    disk=$1
    seed=$2
    round=0
    all="0 0 0 0"
    while [ "$(date +%s)" -lt "$end" ]; do
        round=$((round + 1))
        seed=$((seed + 1))
        depth=$(((seed * 7919 % 64) + 1))
        case $((round % 4)) in
        0) sizes=4k-4k ;;
        1) sizes=512-16k ;;
        2) sizes=512-128k ;;
        *) sizes=4k-1m ;;
        esac
        # Every third round begins on a disk without clusters.
        [ $((round % 3)) != 0 ] || blkdiscard "/dev/$disk" || echo "$disk takes no discards"
        if ! fio --name="$disk" --filename="/dev/$disk" --direct=1 --ioengine=libaio --rw=randwrite \
            --io_size=16m --bsrange="$sizes" --iodepth="$depth" --randseed="$seed" --fsync=$(((seed % 50) + 10)) \
            --verify=crc32c --verify_fatal=1 --eta=never --output-format=normal,json --output="/tmp/$disk.log"; then
            cat "/tmp/$disk.log"
            echo "FAILED $(name "$disk") round $round sizes $sizes depth $depth seed $seed"
            return 1
        fi
        now=$(counts "/tmp/$disk.log")
        echo "$(name "$disk") round $round sizes $sizes depth $depth: $now"
        all=$(echo "$all $now" | awk '{ printf "%d %.0f %d %.0f\n", $1 + $5, $2 + $6, $3 + $7, $4 + $8 }')
    done
    echo "$(name "$disk"): $round rounds," \
        "$(echo "$all" | awk '{ printf "%d writes of %.1f MiB, %d reads of %.1f MiB checked", $1, $2 / 1048576, $3, $4 / 1048576 }')"
}

failed=0
pids=
i=0
for disk in $disks; do
    i=$((i + 1))
    rounds "$disk" $(($(option seed) + i * 100000)) &
    pids="$pids $!"
done
for pid in $pids; do
    wait "$pid" || failed=1
done
[ "$failed" = 0 ] && echo verified
