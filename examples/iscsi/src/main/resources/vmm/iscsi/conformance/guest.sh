# Runs each test of /tests on the disk, once more on another if it skips itself for want of that, and prints what tells
# how it went: "@@ TEST DISK", then the lines that matter.

# Devices of target $1, one for each path.
devices() {
    for device in /sys/bus/scsi/devices/*:0:"$1":0/block/*; do
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
while [ "$(ls /sys/block | grep -c '^sd')" -lt 4 ] && [ "$seconds" -lt 20 ]; do
    sleep 1
    seconds=$((seconds + 1))
done
while read -r test; do
    run "$test" thin 0
    if awk '/^passed|^FAILED/ { exit } /SKIPPED\]/ { print }' /tmp/output | grep -q removable; then
        run "$test" removable 1
    elif grep -q 'SKIPPED.*write-protected' /tmp/output; then
        run "$test" read_only 2
    fi
done </tests
echo "@@ end"
