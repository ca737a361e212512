# Runs each test of /tests on the disk, once more on another if it skips itself for want of that, and prints what tells
# how it went: "@@ TEST DISK", then the lines that matter.

# Devices of target $1, one for each path. Linux locks the medium of a removable disk while its block device is open, and
# opens none for writing that is read-only; the SCSI generic device of the same disk has neither.
devices() {
    case $1 in
    1 | 2) kind=scsi_generic ;;
    *) kind=block ;;
    esac
    for device in /sys/bus/scsi/devices/*:0:"$1":0/"$kind"/*; do
        echo "/dev/${device##*/}"
    done
}

ran=0
run() {
    echo "@@ $1 $2"
    # shellcheck disable=SC2046
    timeout 60 iscsi-test-cu --dataloss --allow-sanitize -V -t "ALL.$1" $(devices "$3") >/tmp/output 2>&1
    status=$?
    [ "$status" -lt 124 ] || echo "ended with status $status"
    awk '/^  Test: / { test = NR }
        test && NR <= test + 1 || /^passed|^FAILED|SKIPPED\]|FAILED\]|^ *[0-9]+\. / { if (test && count++ < 40) print }
        END { if (!test) print }' /tmp/output
    ran=$((ran + 1))
}

# Every disk has to be there before the first test.
seconds=0
while [ "$(ls /sys/block | grep -c '^sd')" -lt 5 ] && [ "$seconds" -lt 20 ]; do
    sleep 1
    seconds=$((seconds + 1))
done
while read -r test; do
    run "$test" thin 0
    reason=$(awk '/^passed|^FAILED/ { exit } /SKIPPED\]/ { print }' /tmp/output)
    case $reason in
    *removable*) run "$test" removable 1 ;;
    *write-protected*) run "$test" read_only 2 ;;
    *LBPPB* | *alignment*) run "$test" physical_blocks 3 ;;
    esac
done </tests
echo "@@ end"
