#!/bin/sh
# Clock check for a board without a clock of its own: waits until time servers can be reached, then says whether the clock
# is right, and sets it if asked. Run it before anything that needs the time:
#
#   [Service]
#   Type=oneshot
#   ExecStart=/usr/local/bin/clock-check.sh --server 192.168.1.1
#
# Arguments go to `nodupe time`. Settings and their defaults:
#   MAX_OFFSET=2s   the largest offset that is right
#   SET_CLOCK=no    yes: set the clock if it is off (needs root or CAP_SYS_TIME)
#   ATTEMPTS=10     how often the servers are asked, RETRY_S=6 seconds apart
# Exit codes: 0 the clock is right (now); 1 it cannot be told whether it is; 3 it is off; 4 no time server answered;
# others as `nodupe time --help` says.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
max_offset=${MAX_OFFSET:-2s}
attempts=${ATTEMPTS:-10}

attempt=1
while :; do
  result=$("$nodupe" time --check --max-offset "$max_offset" --json --quiet "$@")
  code=$?
  # Exit code 3 has two reasons: "check":"beyond", the clock is off; "check":"unknown", the servers are too far away to say.
  case "$result" in
  *'"check":"unknown"'*) [ "$code" -ne 3 ] || code=unknown ;;
  esac
  # While a board boots, the network may take a while.
  if { [ "$code" != 4 ] && [ "$code" != unknown ]; } || [ "$attempt" -ge "$attempts" ]; then break; fi
  attempt=$((attempt + 1))
  sleep "${RETRY_S:-6}"
done

case "$code" in
0) echo "clock-check: the clock is right within $max_offset" ;;
3)
  if [ "${SET_CLOCK:-no}" = yes ]; then
    "$nodupe" time --set "$@" >/dev/null || exit
    echo "clock-check: the clock was off by more than $max_offset and has been set"
    exit 0
  fi
  echo "clock-check: the clock is off by more than $max_offset" >&2
  ;;
4) echo "clock-check: no time server answered in $attempts attempts" >&2 ;;
unknown)
  echo "clock-check: cannot tell whether the clock is right within $max_offset; ask a nearer server, or raise MAX_OFFSET" >&2
  code=1
  ;;
*) echo "clock-check: nodupe time ended with $code" >&2 ;;
esac
exit "$code"
