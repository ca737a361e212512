# Counts targets, reads the last LUN, and resets a disk while fio writes and checks it. Hosts 0, 1 and 2 are the three
# controllers; nothing has been scanned yet.
option() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
failed() {
    echo "FAILED $*"
    trouble=1
}
trouble=0

waits() {
    tries=0
    until eval "$1" || [ $tries -ge 600 ]; do
        tries=$((tries + 1))
        usleep 100000
    done
}

# 256 targets, each with LUN 0. The last of them can be read.
echo "- - -" >/sys/class/scsi_host/host1/scan
targets=$(ls /sys/class/scsi_device | grep -c '^1:0:[0-9]*:0$')
[ "$targets" = 256 ] || failed "targets: $targets"
waits '[ -d /sys/class/scsi_device/1:0:255:0/device/block ]'
disk=$(ls /sys/class/scsi_device/1:0:255:0/device/block)
dd if="/dev/$disk" of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null || failed "cannot read target 255"
echo "$targets targets, the last of them is $disk"

# The last of 16,384 LUNs, which Linux numbers by its address (flat space addressing).
echo "0 5 $((0x4000 + 16383))" >/sys/class/scsi_host/host2/scan
last=$(ls /sys/class/scsi_device | grep '^2:0:5:')
waits '[ -d "/sys/class/scsi_device/$last/device/block" ]'
disk=$(ls "/sys/class/scsi_device/$last/device/block")
sum=$(sha256sum "/dev/$disk" | cut -d' ' -f1)
[ "$sum" = "$(option sha256)" ] || failed "LUN 16383 reads $sum"
luns=$(sg_luns --readonly --maxlen=131080 "/dev/$disk" | grep -c '^ *[0-9a-f]\{16\}')
[ "$luns" = 16384 ] || failed "REPORT LUNS: $luns"
echo "REPORT LUNS lists $luns; $disk is $last and reads as it should"

# Resets while fio writes and checks.
echo "0 0 0" >/sys/class/scsi_host/host0/scan
waits '[ -d /sys/class/scsi_device/0:0:0:0/device/block ]'
disk=$(ls /sys/class/scsi_device/0:0:0:0/device/block)
wanted=$(option resets)
: >/tmp/writing
(
    round=0
    while [ -e /tmp/writing ]; do
        round=$((round + 1))
        if ! fio --name=checked --filename="/dev/$disk" --direct=1 --ioengine=libaio --rw=randwrite --io_size=8m \
            --bsrange=4k-64k --iodepth=16 --randseed=$round --verify=crc32c --verify_fatal=1 --eta=never \
            --output=/tmp/fio.log; then
            cat /tmp/fio.log
            echo "FAILED fio in round $round"
            : >/tmp/fio.failed
            break
        fi
    done
    echo "fio: $round rounds of 8 MiB written and checked"
) &
writer=$!
done=0
refused=0
start=$(date +%s)
while [ $done -lt "$wanted" ] && [ ! -e /tmp/fio.failed ]; do
    case $((done % 10)) in
    8) how=-t ;;
    9) how=-b ;;
    *) how=-d ;;
    esac
    # Of resets of targets and buses virtio_scsi knows none; sg_reset goes no further than it was asked to.
    sg_reset $how --no-esc "/dev/$disk" >/dev/null 2>&1 || refused=$((refused + 1))
    done=$((done + 1))
    [ $((done % 1000)) != 0 ] || echo "$done resets"
done
seconds=$(($(date +%s) - start))
rm /tmp/writing
wait $writer
[ ! -e /tmp/fio.failed ] || trouble=1
echo "$done resets in $seconds s, $refused of them refused by Linux itself"
dmesg | grep -iE 'hung|blocked for more|offline|I/O error' && failed "the kernel complains"
[ $trouble = 0 ] && echo verified
