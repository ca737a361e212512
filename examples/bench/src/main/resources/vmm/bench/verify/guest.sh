# Writes every disk with random block sizes and depths, reads all of it back and checks it, round after round.
option() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
end=$(($(date +%s) + $(option seconds)))
case $(option bus) in scsi) disks="sda sdb sdc sdd" ;; *) disks="vda vdb vdc vdd" ;; esac

name() {
    cat "/sys/block/$1/serial" 2>/dev/null || dd if="/sys/block/$1/device/vpd_pg80" bs=1 skip=4 2>/dev/null
}

rounds() {
    disk=$1
    seed=$2
    round=0
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
        if ! fio --name="$disk" --filename="/dev/$disk" --direct=1 --ioengine=libaio --rw=randwrite \
            --bsrange="$sizes" --iodepth="$depth" --randseed="$seed" --fsync=$(((seed % 50) + 10)) \
            --verify=crc32c --verify_fatal=1 --output="/tmp/$disk.log"; then
            cat "/tmp/$disk.log"
            echo "FAILED $(name "$disk") round $round sizes $sizes depth $depth seed $seed"
            return 1
        fi
        echo "$(name "$disk") round $round sizes $sizes depth $depth: ok"
    done
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
