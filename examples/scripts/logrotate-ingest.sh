#!/bin/sh
# Log rotation hook: reads what a rotated log holds into the store before it is deleted. In /etc/logrotate.d:
#
#   /var/log/storagenode.log {
#       daily
#       rotate 3
#       dateext
#       compress
#       delaycompress
#       postrotate
#           /usr/local/bin/logrotate-ingest.sh pi-1 /var/log/storagenode.log
#       endscript
#   }
#
# Reads what was rotated last (NAME.1, or with dateext NAME-20261126, compressed or not) and then what the new NAME has
# already; a third argument names the rotated file where it is called otherwise. Lines that an earlier run has read are
# known, so it may run at any time and as often as you like. Exit codes are those of `nodupe ingest`; 0 if there is
# nothing to read.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
if [ $# -lt 2 ] || [ $# -gt 3 ]; then
  echo "usage: logrotate-ingest.sh NODE LOGFILE [ROTATED]" >&2
  exit 2
fi
node=$1
log=$2
rotated=${3:-}
if [ -z "$rotated" ]; then
  # The names sort as their dates do: the last one is the newest.
  for file in "$log"-[0-9]*; do
    [ ! -f "$file" ] || rotated=$file
  done
fi
set --
found=no
for file in "$rotated" "$log.1" "$log.1.gz" "$log.1.zst" "$log"; do
  [ -z "$file" ] || [ ! -f "$file" ] || found=yes
  # A new log is empty until the node writes to it.
  [ -z "$file" ] || [ ! -s "$file" ] || set -- "$@" "$file"
done
if [ "$found" = no ]; then
  echo "logrotate-ingest: there is no $log, and nothing that was rotated from it" >&2
  exit 2
fi
[ $# -gt 0 ] || exit 0
exec "$nodupe" ingest --node "$node" --quiet "$@" >/dev/null
