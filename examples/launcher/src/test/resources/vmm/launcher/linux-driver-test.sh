# What a Linux guest does for LinuxDriverTest. Each line "fact NAME VALUE" is for the test to read; at "mark NAME" the
# test has a look at the VMM. There is a disk of 1 MiB on the function of each of these slots, and another one to boot
# from in slot 10.
scsi="04 05 06"
blk="07 08 09"
pci=/sys/bus/pci/devices/0000:00

fact() { echo "fact $*"; }

mark() {
    echo "mark $1"
    read -r answer
}

# Waits for the disk in a slot, and leaves its name in $disk. A disk has a file before it can be opened.
find_disk() {
    tries=0
    while [ $tries -lt 300 ]; do
        for disk in $pci:$1.0/virtio*/block/* $pci:$1.0/virtio*/host*/target*/*/block/*; do
            disk=${disk##*/}
            [ -b "/dev/$disk" ] && true 2>/dev/null <"/dev/$disk" && return
        done
        tries=$((tries + 1))
        usleep 20000
    done
    fact "lost" "slot $1"
}

# Finds the one target of a controller, which are scanned by hand.
scan() {
    for file in $pci:$1.0/virtio*/host*/scsi_host/host*/scan; do
        [ -e "$file" ] && echo "0 0 0" >"$file"
    done
}

# Reads the first half of each disk, and writes 64 KiB of it to the second half, in another place each time.
check() {
    for slot in $scsi $blk; do
        scan $slot
        find_disk $slot
        fact $1.$slot.version1 $(cut -c33 $pci:$slot.0/virtio*/features)
        fact $1.$slot.packed $(cut -c35 $pci:$slot.0/virtio*/features)
        fact $1.$slot.sha256 $(dd if=/dev/$disk bs=64k count=8 iflag=direct 2>/dev/null | sha256sum | cut -d' ' -f1)
        dd if=/dev/$disk of=/tmp/part bs=64k skip=$1 count=1 iflag=direct 2>/dev/null
        dd if=/tmp/part of=/dev/$disk bs=64k seek=$((8 + $1)) oflag=direct conv=notrunc,fsync 2>/dev/null
        fact $1.$slot.write $?
    done
}

# Takes the driver $3 from the function in slot $1, gives it back, and copies 4 KiB: the time $2. Every other time the
# transport's driver goes as well, and every fourth time while the disk is being read.
rebind() {
    if [ $(($2 % 2)) -eq 0 ]; then
        for device in $pci:$1.0/virtio*; do
            name=${device##*/}
        done
        driver=/sys/bus/virtio/drivers/$3
    else
        name=0000:00:$1.0
        driver=/sys/bus/pci/drivers/virtio-pci
    fi
    if [ $(($2 % 4)) -eq 3 ]; then
        find_disk $1
        dd if=/dev/$disk of=/dev/null bs=4k count=16 iflag=direct 2>/dev/null &
    fi
    echo $name >$driver/unbind
    wait
    echo $name >$driver/bind
    scan $1
    find_disk $1
    if dd if=/dev/$disk of=/dev/$disk bs=4k skip=$2 seek=$((192 + $2)) count=1 \
        iflag=direct oflag=direct conv=notrunc 2>/tmp/trouble; then
        rebound=$((rebound + 1))
    else
        cat /tmp/trouble
    fi
}

# $1: times already done. $2: times to get to.
rebind_all() {
    time=$1
    while [ $time -lt $2 ]; do
        for slot in $scsi; do
            rebind $slot $time virtio_scsi
        done
        for slot in $blk; do
            rebind $slot $time virtio_blk
        done
        time=$((time + 1))
    done
}

reload() {
    rmmod virtio_blk && rmmod virtio_scsi && rmmod virtio_pci && insmod /modules/*-virtio_pci.ko "$@" &&
        insmod /modules/*-virtio_blk.ko && insmod /modules/*-virtio_scsi.ko && reloaded=$((reloaded + 1))
}

# Copies a file from the disk to boot from: its name, its place in MiB, its length.
fetch() {
    dd if=/dev/$disk bs=1M skip=$2 count=32 2>/dev/null | head -c $3 >/tmp/$1
}

# The kernel and the initramfs of this machine once more, while all disks are busy.
start_again() {
    find_disk 0a
    read -r kernel initrd kexec rest </dev/$disk
    fetch kernel 1 $kernel
    fetch initrd 33 $initrd
    fetch kexec 65 $kexec
    chmod +x /tmp/kexec
    /tmp/kexec /tmp/kernel /tmp/initrd "$(cat /proc/cmdline) test=again"
    fact kexec.load $?
    for slot in $scsi $blk; do
        find_disk $slot
        while :; do dd if=/dev/$disk of=/dev/null bs=64k iflag=direct 2>/dev/null; done &
    done
    usleep 200000
    /tmp/kexec
    fact kexec.start $?
}

if grep -q test=again /proc/cmdline; then
    check 3
    mark again
else
    rebound=0
    reloaded=0
    check 0
    rebind_all 0 2
    mark before
    rebind_all 2 34
    reload && reload
    check 1
    reload force_legacy=1
    check 2
    fact rebound $rebound
    fact reloaded $reloaded
    start_again
fi
