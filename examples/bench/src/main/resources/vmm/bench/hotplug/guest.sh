# Writes and checks the disks that stay, if it is to, while others come and go; says at its end what the kernel thinks.
option() { sed -n "s/.* $1=\([^ ]*\).*/\1/p" /proc/cmdline; }
dmesg -n 1
checked() {
    round=0
    while :; do
        round=$((round + 1))
        if ! fio --name=stays --filename="/dev/$1" --direct=1 --ioengine=libaio --rw=randwrite --io_size=2m \
            --bsrange=4k-64k --iodepth=8 --randseed=$round --rate=1m --verify=crc32c --verify_fatal=1 --eta=never \
            --output="/tmp/$1.log"; then
            echo "!fio on $1"
            return
        fi
        echo $round >"/tmp/$1.rounds"
    done
}
if [ "$(option fio)" = yes ]; then
    checked sda &
    checked vda &
fi
perl /hotplug.pl &
# A line on the console asks for the state of things.
while read -r line; do
    # A processor that the host gives to others for long makes Linux complain of a stall, which is no disk's fault.
    dmesg | grep -iE 'I/O error|hung_task|blocked for more|Oops' | sed 's/^/!/'
    echo "=$(cat /tmp/sda.rounds 2>/dev/null || echo 0) $(cat /tmp/vda.rounds 2>/dev/null || echo 0)"
done
