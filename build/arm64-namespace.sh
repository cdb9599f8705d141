#!/bin/sh
# Runs a command in a namespace where the kernel can start arm64 programs, through an interpreter:
#
#   build/arm64-namespace.sh INTERPRETER COMMAND [ARGUMENT…]
#
# It uses a user namespace with its own binfmt_misc, so that nothing is registered on the machine and nothing is
# left behind, however it ends. Nothing in it can set the clock either: that needs CAP_SYS_TIME outside. Needs
# Linux 6.7 and root, who alone may map all users into it. Exits with 125 if that is not available.
set -u

if [ "${1:-}" = --inside ]; then
  folder=$2
  interpreter=$3
  shift 3
  echo >"$folder/apart"
  read -r _ <"$folder/mapped"
  # The ELF header to match: 64 bits, little-endian, an executable or shared object (2, 3) for machine 183.
  magic='\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00'
  mask='\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff'
  mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc &&
    printf '%s' ":nodupe-arm64:M::$magic:$mask:$interpreter:" >/proc/sys/fs/binfmt_misc/register || exit 125
  exec "$@"
fi

unshare --user --mount true || exit 125
folder=$(mktemp -d) && mkfifo "$folder/apart" "$folder/mapped" || exit 125
trap 'rm -rf "$folder"' EXIT
unshare --user --mount "$0" --inside "$folder" "$@" &
child=$!
trap 'kill "$child"; exit 143' INT TERM
read -r _ <"$folder/apart"
{ echo 0 0 65536 >"/proc/$child/uid_map" && echo 0 0 65536 >"/proc/$child/gid_map"; } || {
  kill "$child"
  exit 125
}
echo >"$folder/mapped"
wait "$child"
