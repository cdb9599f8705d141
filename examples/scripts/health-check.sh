#!/bin/sh
# Health check for Nagios, Icinga and the like: one line, and 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.
#
#   health-check.sh [FOLDER [option of nodupe sync]...]
#
# Looks at the clock, and at how many CVs of FOLDER wait to be uploaded. Settings and their defaults:
#   MAX_OFFSET=1s   a clock that is off by more is CRITICAL; if it cannot be told, that is a WARNING
#   TIME_SERVERS    whom to ask, separated by spaces (nodupe's own list without it)
#   MAX_WAITING=50  more CVs that wait are a WARNING
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
max_offset=${MAX_OFFSET:-1s}
max_waiting=${MAX_WAITING:-50}
worst=0
text=''
# report SEVERITY WORDS: UNKNOWN (3) never hides what is CRITICAL (2).
report() {
  if [ "$1" -eq 2 ] || { [ "$worst" -ne 2 ] && [ "$1" -gt "$worst" ]; }; then worst=$1; fi
  text="${text:+$text; }$2"
}
# value KEY: a number or a word of the object in $result. The lists at its end have the same keys: they are cut off.
value() {
  printf '%s\n' "$result" | sed -e 's/"servers":\[.*//' -e 's/"failures":\[.*//' \
    -e "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" -e d
}

servers=''
for server in ${TIME_SERVERS:-}; do servers="$servers --server $server"; done
# shellcheck disable=SC2086 # a list of flags
result=$("$nodupe" time --check --max-offset "$max_offset" --json --quiet $servers 2>/dev/null)
case "$?-$(value check)" in
0-*) report 0 "clock off by $(value offset_s) s" ;;
3-beyond) report 2 "clock off by $(value offset_s) s, more than $max_offset" ;;
3-*) report 1 "cannot tell whether the clock is right within $max_offset (off by $(value offset_s) s, give or take $(value error_bound_s) s)" ;;
4-*) report 1 "no time server answers" ;;
*) report 3 "the clock could not be checked" ;;
esac

if [ $# -gt 0 ]; then
  result=$("$nodupe" sync "$@" --dry-run --json --quiet 2>/dev/null)
  case $? in
  0 | 1)
    waiting=$(value uploaded)
    failed=$(value failed)
    report 0 "${waiting:-?} CVs wait"
    if [ "${waiting:-0}" -gt "$max_waiting" ]; then report 1 "more than $max_waiting"; fi
    if [ "${failed:-0}" -gt 0 ]; then report 1 "$failed cannot be read"; fi
    ;;
  4) report 1 "the CV server cannot be reached" ;;
  *) report 3 "the CVs in $1 could not be counted" ;;
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
