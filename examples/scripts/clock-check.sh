#!/bin/sh
# Boot-time clock check: waits until time servers can be reached, then says whether the clock is right, and sets it
# where that is asked. For boards without a clock of their own; run it before anything that needs the time:
#
#   [Service]
#   Type=oneshot
#   ExecStart=/usr/local/bin/clock-check.sh --server 192.168.1.1
#
# Arguments go to `nodupe time`. Settings, with what they are without being set:
#   MAX_OFFSET=2s   the largest offset that is right
#   SET_CLOCK=no    yes: set the clock where it is off (needs root or CAP_SYS_TIME)
#   ATTEMPTS=10     how often the servers are asked, RETRY_S=6 seconds apart
# Exit codes: 0 the clock is right (now); 3 it is off; 4 no time server; others as `nodupe time --help` says.
set -u
nodupe=${NODUPE:-nodupe}
max_offset=${MAX_OFFSET:-2s}
attempts=${ATTEMPTS:-10}

attempt=1
while :; do
  "$nodupe" time --check --max-offset "$max_offset" "$@" >/dev/null
  code=$?
  # 4 is no answer: at boot the network may be a while in coming.
  if [ "$code" -ne 4 ] || [ "$attempt" -ge "$attempts" ]; then break; fi
  attempt=$((attempt + 1))
  sleep "${RETRY_S:-6}"
done

case "$code" in
0) echo "clock-check: the clock is right within $max_offset" ;;
3)
  if [ "${SET_CLOCK:-no}" = yes ]; then
    "$nodupe" time --set "$@" || exit
    echo "clock-check: the clock was off by more than $max_offset and has been set"
    exit 0
  fi
  echo "clock-check: the clock is off by more than $max_offset" >&2
  ;;
4) echo "clock-check: no time server answered in $attempts attempts" >&2 ;;
*) echo "clock-check: nodupe time ended with $code" >&2 ;;
esac
exit "$code"
