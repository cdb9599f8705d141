#!/bin/sh
# Mass import from cron, which mails whatever is printed: it prints only what a person has to see to.
#
#   */30 * * * *  TANOVA_API_KEY_FILE=/etc/tanova.key /usr/local/bin/cron-bulk-import.sh /srv/cvs
#
# The first argument is the folder, the rest goes to `nodupe sync`. One line a run is added to
# LOG (~/.local/state/nodupe/import.log).
# Exit codes: 0 all is uploaded, or the server cannot be reached right now (the next run continues);
# 1 some files failed, their reasons are printed; 2 and 5 something has to be put right: folder, key, permissions.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
if [ $# -eq 0 ]; then
  echo "usage: cron-bulk-import.sh FOLDER [option of nodupe sync]..." >&2
  exit 2
fi
log=${LOG:-${XDG_STATE_HOME:-${HOME:-/root}/.local/state}/nodupe/import.log}
mkdir -p "$(dirname "$log")" || exit 1
folder=$1
shift
[ -z "${TANOVA_API_KEY_FILE:-}" ] || set -- --api-key-file "$TANOVA_API_KEY_FILE" "$@"

messages=$(mktemp) || exit 1
trap 'rm -f "$messages"' EXIT
result=$("$nodupe" sync "$folder" --bulk --json --quiet "$@" 2>"$messages")
code=$?
# count KEY: a number of the result, which is one JSON object on one line.
count() { printf '%s\n' "$result" | sed -n "s/.*\"$1\":\([0-9][0-9]*\).*/\1/p"; }
echo "$(date '+%Y-%m-%d %H:%M:%S') exit $code, uploaded $(count uploaded), failed $(count failed)" >>"$log"

case "$code" in
0) exit 0 ;;
1)
  failed=$(count failed)
  if [ "${failed:-0}" -gt 0 ]; then
    echo "$failed of $(count found) CVs in $folder could not be uploaded:"
    printf '%s\n' "$result" | sed -n 's/.*"failures":\[\(.*\)\].*/\1/p' | sed 's/},{/}\
{/g'
  else
    echo "the import of $folder failed:"
  fi
  cat "$messages"
  exit 1
  ;;
4) exit 0 ;; # not reachable: no reason to wake anybody, and nothing is lost
130 | 143) exit "$code" ;;
*)
  echo "the import of $folder did not run (exit $code):"
  cat "$messages"
  exit "$code"
  ;;
esac
