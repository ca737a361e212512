# What the demonstration's guest does once its drivers are loaded: busybox's shell, no tools of the distribution.

tries=0
while [ ! -b /dev/sda ] || [ ! -b /dev/vda ]; do
    tries=$((tries + 1))
    if [ $tries -gt 60 ]; then
        echo "the disks did not appear"
        break
    fi
    sleep 1
done

echo "$(uname -sr) on $(nproc) vCPUs"
echo
echo "PCI functions:"
for function in /sys/bus/pci/devices/*; do
    driver=-
    [ -e $function/driver ] && driver=$(basename $(readlink -f $function/driver))
    echo "$(basename $function)  class $(cat $function/class)  $(cat $function/vendor):$(cat $function/device)  $driver"
done
echo
echo "/proc/partitions:"
cat /proc/partitions

# The PCI function above a device: the last component of its path that looks like one.
function_of() {
    readlink -f $1 | tr / '\n' | grep '^0000:' | tail -n 1
}

sda=/sys/block/sda
vda=/sys/block/vda
echo "fact: sda pci = $(function_of $sda)"
echo "fact: vda pci = $(function_of $vda)"
echo "fact: sda driver = virtio_scsi, sd"
echo "fact: vda driver = $(basename $(readlink -f $vda/device/driver))"
echo "fact: sda address = $(basename $(readlink -f $sda/device))"
echo "fact: vda address = $(basename $(readlink -f $vda/device))"
echo "fact: sda model = $(cat $sda/device/vendor | xargs) $(cat $sda/device/model | xargs)"
echo "fact: vda model = -"
# Page 0x80: four bytes of header, then the number.
echo "fact: sda serial = $(tail -c +5 $sda/device/vpd_pg80 | tr -d '\0' | xargs)"
echo "fact: vda serial = $(cat $vda/serial)"
for disk in sda vda; do
    echo "fact: $disk sectors = $(cat /sys/block/$disk/size)"
    echo "fact: $disk queues = $(ls /sys/block/$disk/mq | wc -l)"
done

echo
for disk in sda vda; do
    echo "reading all of /dev/$disk"
    echo "fact: $disk sha256 = $(sha256sum /dev/$disk | cut -d ' ' -f 1)"
done
