#!/bin/sh
# Nightly mail on how storage nodes compare. In a crontab:
#
#   MAILTO_OPERATOR=me@example.org
#   15 3 * * *  /usr/local/bin/nightly-comparison.sh pi-1 pi-2 pi-3
#
# Arguments are the nodes, and whatever else `nodupe compare` takes. Settings and their defaults:
#   MAILTO_OPERATOR   who gets the mail (needed)
#   LAST=1d           what is compared
#   MAILER=mail       called as: MAILER -s SUBJECT ADDRESS, with the text on stdin
# If the comparison fails, the mail says so: a night without a mail is a night without cron.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
if [ -z "${MAILTO_OPERATOR:-}" ] || [ $# -eq 0 ]; then
  echo "usage: MAILTO_OPERATOR=ADDRESS nightly-comparison.sh NODE NODE..." >&2
  exit 2
fi

report=$(mktemp) || exit 1
trap 'rm -f "$report"' EXIT
"$nodupe" compare --last "${LAST:-1d}" --format markdown "$@" >"$report" 2>&1
code=$?
today=$(date +%Y-%m-%d)
case "$code" in
0) subject="Storage nodes: comparison of $today" ;;
*) subject="Storage nodes: comparison FAILED ($code) on $today" ;;
esac
"${MAILER:-mail}" -s "$subject" "$MAILTO_OPERATOR" <"$report" || {
  echo "nightly-comparison: the mail could not be sent; it would have said:" >&2
  cat "$report" >&2
  exit 1
}
exit "$code"
