# Makes the images in a folder of their own, and runs a machine there.
# Usage: host.sh COMMAND...
set -eu
folder=$(mktemp -d /dev/shm/vmm-conformance.XXXXXX)
trap 'cd /; rm -rf "$folder"' EXIT
trap 'exit 130' INT TERM
cd "$folder"
truncate -s 64M thin removable read_only physical_blocks
"$@"
