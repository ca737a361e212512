# What a Linux guest does for LinuxBlockTest. Each line "fact NAME VALUE" is for the test to read. The blkdiscard of
# util-linux is called by its path: the shell would rather take that of busybox, which knows less.
fact() { echo "fact $*"; }

# True if a MiB of a disk is zeros, past the guest's cache.
zeros() {
    dd if=/dev/$1 bs=64k skip=$(($2 * 16)) count=16 iflag=direct 2>/dev/null | cmp -s - /tmp/zeros
}

dd if=/dev/zero of=/tmp/zeros bs=1M count=1 2>/dev/null
for disk in vda vdb vdc vdd sda; do
    tries=0
    until [ -b /dev/$disk ] || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        usleep 100000
    done
done

for disk in vda vdb vdc vdd; do
    queue=/sys/block/$disk/queue
    fact $disk.serial $(cat /sys/block/$disk/serial)
    fact $disk.features $(cat /sys/block/$disk/device/features)
    fact $disk.readonly $(cat /sys/block/$disk/ro)
    fact $disk.bytes $(($(cat /sys/block/$disk/size) * 512))
    fact $disk.blocks $(cat $queue/logical_block_size) $(cat $queue/physical_block_size) $(cat $queue/minimum_io_size)
    fact $disk.discard $(cat $queue/discard_granularity) $(cat $queue/discard_max_bytes)
    fact $disk.zeroes $(cat $queue/write_zeroes_max_bytes)
    fact $disk.queues $(ls /sys/block/$disk/mq | wc -l)
    # On each processor, which has a queue and a vector of its own.
    taskset 1 dd if=/dev/$disk of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null
    taskset 2 dd if=/dev/$disk of=/dev/null bs=64k count=16 iflag=direct 2>/dev/null
    name=$(basename $(readlink /sys/block/$disk/device))
    fact $disk.vectors $(awk -v name="$name-req" 'index($NF, name) && $2 + $3 > 0' /proc/interrupts | wc -l)
done
fact sda.features $(cat /sys/class/scsi_host/host0/device/../features)
fact geometry $(fdisk -l /dev/vda | grep cylinders)

cache() {
    fact cache.$1 $(cat /sys/block/vda/cache_type), $(cat /sys/block/vda/queue/write_cache)
    dd if=/dev/vda of=/dev/vda bs=4k count=1 oflag=direct conv=notrunc,fsync 2>/dev/null
    fact cache.$1.write $?
}
cache before
echo "write through" >/sys/block/vda/cache_type
cache through
echo "write back" >/sys/block/vda/cache_type
cache back

for disk in vda vdb vdd sda; do
    fact $disk.sha256 $(sha256sum /dev/$disk | cut -d' ' -f1)
    # The first MiB once more at 2 MiB, past the guest's own cache, and flushed.
    dd if=/dev/$disk of=/tmp/first bs=1M count=1 2>/dev/null
    dd if=/tmp/first of=/dev/$disk bs=64k seek=32 oflag=direct conv=notrunc,fsync 2>/dev/null
    fact $disk.write $?
    dd if=/dev/$disk bs=64k skip=32 count=16 iflag=direct 2>/dev/null | cmp -s - /tmp/first
    fact $disk.reread $?
    /usr/sbin/blkdiscard -o 4M -l 1M /dev/$disk && zeros $disk 4
    fact $disk.blkdiscard $?
    /usr/sbin/blkdiscard -z -o 5M -l 1M /dev/$disk && zeros $disk 5
    fact $disk.zeroout $?
done
/usr/sbin/blkdiscard -s -o 6M -l 1M /dev/vdd && zeros vdd 6
fact vdd.erase $?
/usr/sbin/blkdiscard -s -o 6M -l 1M /dev/vda 2>/dev/null
fact vda.erase $?

fact vdc.sha256 $(sha256sum /dev/vdc | cut -d' ' -f1)
dd if=/tmp/first of=/dev/vdc bs=64k oflag=direct conv=notrunc 2>/dev/null
fact vdc.write $?
/usr/sbin/blkdiscard -z /dev/vdc 2>/dev/null
fact vdc.zeroout $?
