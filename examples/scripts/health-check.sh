#!/bin/sh
# Health check in the manner of Nagios, Icinga and their kin: one line, and 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
#
#   health-check.sh [FOLDER [option of nodupe sync]...]
#
# Looks at the clock, and at how many CVs of FOLDER wait to be uploaded. Settings:
#   MAX_OFFSET=1s   a clock that is off by more is CRITICAL; that no server can tell is a WARNING
#   TIME_SERVERS    whom to ask, separated by spaces (nodupe's own list without it)
#   MAX_WAITING=50  more CVs that wait are a WARNING
set -u
nodupe=${NODUPE:-nodupe}
max_offset=${MAX_OFFSET:-1s}
max_waiting=${MAX_WAITING:-50}
worst=0
text=''
# told SEVERITY WORDS: UNKNOWN (3) never hides what is CRITICAL (2).
told() {
  if [ "$1" -eq 2 ] || { [ "$worst" -ne 2 ] && [ "$1" -gt "$worst" ]; }; then worst=$1; fi
  text="${text:+$text; }$2"
}
# value KEY: of the object in $result, on one line.
value() { printf '%s\n' "$result" | sed -n "s/.*\"$1\":\(-\{0,1\}[0-9][0-9.e+-]*\).*/\1/p"; }

servers=''
for server in ${TIME_SERVERS:-}; do servers="$servers --server $server"; done
# shellcheck disable=SC2086 # a list of flags
result=$("$nodupe" time --check --max-offset "$max_offset" --json --quiet $servers 2>/dev/null)
case $? in
0) told 0 "clock off by $(value offset_s) s" ;;
3) told 2 "clock off by $(value offset_s) s, more than $max_offset" ;;
4) told 1 "no time server answers" ;;
*) told 3 "the clock could not be checked" ;;
esac

if [ $# -gt 0 ]; then
  result=$("$nodupe" sync "$@" --dry-run --json --quiet 2>/dev/null)
  case $? in
  0 | 1)
    waiting=$(value uploaded)
    failed=$(value failed)
    told 0 "${waiting:-?} CVs wait"
    if [ "${waiting:-0}" -gt "$max_waiting" ]; then told 1 "more than $max_waiting"; fi
    if [ "${failed:-0}" -gt 0 ]; then told 1 "$failed cannot be read"; fi
    ;;
  4) told 1 "the CV server cannot be reached" ;;
  *) told 3 "the CVs in $1 could not be counted" ;;
  esac
fi

case "$worst" in
0) word=OK ;;
1) word=WARNING ;;
2) word=CRITICAL ;;
*) word=UNKNOWN ;;
esac
echo "$word - $text"
exit "$worst"
