# Lets sg3_utils look at the disk, and prints how each went in the form of the other suite. A tool that fails, or says that
# something is reserved or wrong, has failed.
# Some say of what a disk may leave out that it does not have it.
harmless='percentages not supported|Inline data not supported'
complaints='reserved|unexpected|malformed|truncated|too short|illegal|invalid|not supported|bad response'

check() {
    echo "@@ sg3.$1 thin"
    echo "  Test: $1 ..."
    shift
    echo "    $*"
    timeout 60 "$@" >/tmp/output 2>&1
    status=$?
    grep -vE "$harmless" /tmp/output | grep -iE "$complaints" >/tmp/complaints
    if grep -q 'may not be available' /tmp/output; then
        # Linux's virtio_scsi resets devices; for targets and buses it has no function.
        echo "    [SKIPPED] the driver has no such reset"
        echo passed
    elif [ "$status" -ne 0 ] || [ -s /tmp/complaints ]; then
        echo "    [FAILED] status $status: $(tail -n 2 /tmp/output; cat /tmp/complaints)" | tr '\n' ' ' | cut -c 1-400
        echo
        echo FAILED
    else
        echo passed
    fi
}

seconds=0
while [ "$(ls /sys/block | grep -c '^sd')" -lt 5 ] && [ "$seconds" -lt 20 ]; do
    sleep 1
    seconds=$((seconds + 1))
done
set -- /sys/bus/scsi/devices/*:0:0:0/block/*
disk=/dev/${1##*/}
path=/dev/${2##*/}
# sg_xcopy finds a disk by the names that udev makes.
mkdir -p /dev/block
for each in /sys/block/sd*; do
    ln -sf "../${each##*/}" "/dev/block/$(cat "$each/dev")"
done
dd if=/dev/zero of=/tmp/blocks bs=512 count=2 2>/dev/null

check sg_inq sg_inq "$disk"
check sg_inq_descriptors sg_inq -d "$disk"
check sg_vpd_all sg_vpd --all "$disk"
check sg_modes sg_modes --all "$disk"
check sg_modes_changeable sg_modes --all --control=1 "$disk"
check sg_logs sg_logs --all "$disk"
check sg_luns sg_luns "$disk"
check sg_luns_all sg_luns --select=2 "$disk"
check sg_opcodes sg_opcodes "$disk"
check sg_opcodes_timeouts sg_opcodes --rctd "$disk"
check sg_opcodes_functions sg_opcodes --tmf "$disk"
check sg_turs sg_turs "$disk"
check sg_requests sg_requests "$disk"
check sg_readcap sg_readcap --long "$disk"
check sg_rtpg sg_rtpg --decode "$disk"
check sg_persist_capabilities sg_persist --in --report-capabilities "$disk"
check sg_persist_register sg_persist --out --register --param-sark=abc "$disk"
check sg_persist_reserve sg_persist --out --reserve --param-rk=abc --prout-type=5 "$disk"
check sg_persist_keys sg_persist --in --read-keys "$path"
check sg_persist_reservation sg_persist --in --read-reservation "$path"
check sg_persist_status sg_persist --in --read-full-status "$path"
check sg_persist_release sg_persist --out --release --param-rk=abc --prout-type=5 "$disk"
check sg_persist_unregister sg_persist --out --register --param-rk=abc --param-sark=0 "$disk"
check sg_write_same sg_write_same --lba=8 --num=8 --xferlen=512 --in=/tmp/blocks "$disk"
check sg_write_same_unmap sg_write_same --16 --unmap --lba=16 --num=16 --xferlen=512 --in=/tmp/blocks "$disk"
check sg_unmap sg_unmap --lba=64 --num=64 "$disk"
check sg_get_lba_status sg_get_lba_status --lba=0 "$disk"
check sg_compare_and_write sg_compare_and_write --in=/tmp/blocks --lba=64 --num=1 --xferlen=1024 "$disk"
check sg_verify sg_verify --lba=0 --count=128 "$disk"
check sg_sync sg_sync "$disk"
check sg_xcopy sg_xcopy if="$disk" of="$path" skip=0 seek=1024 count=128
check sg_copy_results sg_copy_results --params "$disk"
check sg_senddiag sg_senddiag --selftest=0 --test "$disk"
check sg_reset_device sg_reset --device "$disk"
check sg_reset_target sg_reset --target "$disk"
check sg_reset_bus sg_reset --bus "$disk"
# Resets are told once to each path.
for each in 1 2 3; do
    sg_turs "$disk" >/dev/null 2>&1
    sg_turs "$path" >/dev/null 2>&1
done
check scsi_mandat bash /usr/bin/scsi_mandat "$disk"
check sg_sanitize sg_sanitize --block --quick --wait "$disk"
check sg_sanitize_overwrite sg_sanitize --overwrite --zero --quick --wait "$disk"
echo "@@ end"
