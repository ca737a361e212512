# Makes the images, runs the machine, and checks the images afterwards.
# Usage: host.sh MIB "NAME:FORMAT ..." COMMAND...
set -eu
size=$1
images=$2
shift 2
folder=$(mktemp -d /dev/shm/vmm-verify.XXXXXX)
mounted=
trap 'cd /; [ -z "$mounted" ] || umount "$folder/disk"; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
mkdir "$folder/disk"
# A file system in memory does not take O_DIRECT on every kernel; one on a loop device does.
if [ -n "${VMM_LAB:-}" ]; then
    truncate -s "$((size * 6))M" "$folder/file-system"
    mkfs.ext4 -q "$folder/file-system"
    mount -o loop "$folder/file-system" "$folder/disk"
    mounted=yes
fi
cd "$folder/disk"
for image in $images; do
    qemu-img create -q -f "${image#*:}" "${image%:*}" "${size}M"
done
status=0
"$@" >"$folder/console" &
machine=$!
tail -n +1 -f --pid "$machine" "$folder/console" | sed -u 's/\r$//' &
# Rounds take a minute or two, so a guest that is silent for longer has come to a standstill.
while kill -0 "$machine" 2>/dev/null; do
    sleep 5
    if [ $(($(date +%s) - $(stat -c %Y "$folder/console"))) -gt 600 ]; then
        echo "The guest has been silent for ten minutes, so it is ended."
        kill "$machine"
        break
    fi
done
wait "$machine" || status=$?
wait
# A console ends its lines with CR and LF.
tr -d '\r' <"$folder/console" | grep -q '^verified$' || status=1
for image in $images; do
    case $image in
    *:qcow2)
        echo "$image: $(qemu-img check "${image%:*}" 2>&1 | tr '\n' ' ')"
        qemu-img check -q "${image%:*}" || {
            echo "FAILED $image is damaged"
            status=1
        }
        ;;
    esac
done
exit "$status"
