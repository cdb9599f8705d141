#!/bin/sh
# Log rotation hook: takes what a rotated log holds into the store before it is thrown away. In /etc/logrotate.d:
#
#   /var/log/storagenode.log {
#       daily
#       rotate 3
#       compress
#       delaycompress
#       postrotate
#           /usr/local/bin/logrotate-ingest.sh pi-1 /var/log/storagenode.log
#       endscript
#   }
#
# Reads NAME.1 (or NAME.1.gz, NAME.1.zst) and then what the new NAME has already. Lines that an earlier run has taken
# are known again, so that it may run at any time and as often as it likes. Exit codes are those of `nodupe ingest`.
set -u
nodupe=${NODUPE:-nodupe}
if [ $# -ne 2 ]; then
  echo "usage: logrotate-ingest.sh NODE LOGFILE" >&2
  exit 2
fi
node=$1
log=$2
set --
for file in "$log.1" "$log.1.gz" "$log.1.zst" "$log"; do
  [ ! -s "$file" ] || set -- "$@" "$file"
done
if [ $# -eq 0 ]; then
  echo "logrotate-ingest: neither $log nor a rotated $log.1 has anything in it" >&2
  exit 2
fi
exec "$nodupe" ingest --node "$node" --quiet "$@"
