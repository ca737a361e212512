# What a Linux guest does for LinuxMediaTest. Each line "fact NAME VALUE" is for the test to read; where it waits for a
# line of input, the test does something to a medium first. The eject of util-linux is called by its path: the shell would
# rather take that of busybox.
fact() { echo "fact $*"; }

# Waits until a disk or the disc has so many sectors of 512 bytes.
await() {
    tries=0
    until [ "$(blockdev --getsz /dev/$1 2>/dev/null)" = "$2" ] || [ $tries -ge 300 ]; do
        tries=$((tries + 1))
        usleep 100000
    done
}

# What the drive answers, in hexadecimal.
ask() {
    sg_raw --binary --request=$1 /dev/sr0 $2 2>/dev/null | od -An -v -tx1 | tr -d ' \n'
}

show() {
    mount -t iso9660 -o ro /dev/sr0 /mnt
    fact $1.mount $?
    fact $1.name $(cat /mnt/name.txt)
    fact $1.sha256 $(sha256sum /dev/sr0 | cut -d' ' -f1)
    fact $1.seq $(cat /sys/block/sr0/diskseq)
    umount /mnt
}

mkdir -p /mnt
sectors=$(sed -n 's/.*sectors=\([0-9,]*\).*/\1/p' /proc/cmdline)
await sr0 ${sectors%,*}
# Linux would close an open tray as soon as somebody reads.
echo 0 >/proc/sys/dev/cdrom/autoclose
fact model $(cat /sys/block/sr0/device/model)
fact serial $(dd if=/sys/block/sr0/device/vpd_pg80 bs=1 skip=4 2>/dev/null)
fact wwid $(cat /sys/block/sr0/device/wwid)
fact capabilities $(sed -n 's/^Can \(read DVD\|open tray\|lock tray\|close tray\):[[:space:]]*//p' /proc/sys/dev/cdrom/info)
fact profile $(ask 8 "46 00 00 00 00 00 00 00 08 00" | cut -c13-16)
fact toc $(ask 20 "43 00 00 00 00 00 00 00 14 00")
show first

# Who has the drive open has its door locked.
exec 3</dev/sr0
fact locked $(sg_raw /dev/sr0 1b 00 00 00 02 00 2>&1 | grep -c -i "removal prevented")
dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null
fact locked.read $?
exec 3<&-

/usr/bin/eject /dev/sr0
fact eject $?
dd if=/dev/sr0 of=/dev/null bs=2048 count=1 2>/dev/null
fact open.read $?
echo "the tray is open"
read -r line
/usr/bin/eject -t /dev/sr0
fact load $?
await sr0 ${sectors#*,}
show second

for disk in sda vda; do
    fact $disk.before $(cat /sys/block/$disk/size)
done
echo "the disks may grow"
read -r line
for disk in sda vda; do
    await $disk 4096
    fact $disk.after $(cat /sys/block/$disk/size)
    # The first MiB once more in the new part, past the guest's own cache, and flushed.
    dd if=/dev/$disk of=/tmp/first bs=1M count=1 2>/dev/null
    dd if=/tmp/first of=/dev/$disk bs=64k seek=16 oflag=direct conv=notrunc,fsync 2>/dev/null
    fact $disk.write $?
done
