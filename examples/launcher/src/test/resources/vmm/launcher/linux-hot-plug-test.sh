# What a Linux guest does for LinuxHotPlugTest: it runs the lines that come by the serial port, each as soon as the one
# before has ended, and tells how each ended. Disks are found by their serial numbers.

# The name of the disk of that serial number.
found() {
    for disk in /sys/block/[sv]d*; do
        if [ -e $disk/serial ]; then
            read -r serial <$disk/serial
        else
            serial=$(dd if=$disk/device/vpd_pg80 bs=1 skip=4 2>/dev/null)
        fi
        if [ "$serial" = "$1" ] && [ -b /dev/${disk##*/} ]; then
            name=${disk##*/}
            return 0
        fi
    done
    return 1
}

# Waits until there is such a disk, and says what it begins with.
appears() {
    tries=0
    until found $1; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || return 1
        usleep 20000
    done
    dd if=/dev/$name bs=512 count=1 iflag=direct 2>/dev/null | tr -d '\0'
}

# Waits until the disk that was found last is there no more.
vanishes() {
    tries=0
    while [ -e /sys/block/$1 ]; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || return 1
        usleep 20000
    done
}

# Waits until a disk has so many sectors of 512 bytes.
grows() {
    tries=0
    until found $1 && [ "$(cat /sys/block/$name/size)" = "$2" ]; do
        tries=$((tries + 1))
        [ $tries -lt 400 ] || return 1
        usleep 20000
    done
}

# Whether a piece of 4096 bytes of the disk that was found last can be read.
reads() {
    if dd if=/dev/$name of=/dev/null bs=4096 skip=$1 count=1 iflag=direct 2>/dev/null; then
        printf 'read;'
    else
        printf 'failed;'
    fi
}

dmesg -n 1
stty -echo </dev/ttyS0
echo "ready for lines"
while read -r line; do
    eval "$line"
    echo "ended $?"
done
