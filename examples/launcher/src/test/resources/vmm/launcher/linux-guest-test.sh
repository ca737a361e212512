# What a Linux guest does for LinuxGuestTest. Each line "fact NAME VALUE" is for the test to read.
fact() { echo "fact $*"; }

# Waits for a disk and all its attributes.
for disk in vda sda; do
    tries=0
    until [ -b /dev/$disk ] || [ $tries -ge 100 ]; do
        tries=$((tries + 1))
        usleep 100000
    done
done

fact cpus $(nproc)
fact memory.kib $(awk '/MemTotal/ { print $2 }' /proc/meminfo)
fact msi $(grep -c PCI-MSI /proc/interrupts)
fact acpi.errors $(dmesg | grep -cE 'ACPI (BIOS )?Error')
grep -q test=reboot /proc/cmdline && reboot -f

fact vda.serial $(cat /sys/block/vda/serial)
fact sda.serial $(dd if=/sys/block/sda/device/vpd_pg80 bs=1 skip=4 2>/dev/null)
fact vda.queues $(ls /sys/block/vda/mq | wc -l)
fact sda.queues $(ls /sys/block/sda/mq | wc -l)
for disk in vda sda; do
    fact $disk.sha256 $(sha256sum /dev/$disk | cut -d' ' -f1)
    # The first MiB once more at 3 MiB, past the guest's own cache, and flushed.
    dd if=/dev/$disk of=/tmp/first bs=1M count=1 2>/dev/null
    dd if=/tmp/first of=/dev/$disk bs=64k seek=48 oflag=direct conv=notrunc,fsync 2>/dev/null
    fact $disk.write $?
    dd if=/dev/$disk bs=64k skip=48 count=16 iflag=direct 2>/dev/null | cmp -s - /tmp/first
    fact $disk.reread $?
done

# Its power button: the kernel's driver hears of it, and busybox's acpid of that driver.
if grep -q test=button /proc/cmdline; then
    mkdir -p /etc/acpi/PWRF /var/run /var/log
    printf '#!/bin/sh\necho fact button pressed\npoweroff -f\n' >/etc/acpi/PWRF/00000080
    chmod +x /etc/acpi/PWRF/00000080
    acpid -d &
    sleep 1
    fact button waiting
    wait
fi
