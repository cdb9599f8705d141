#!/bin/sh
# Weekly mail on a fleet of storage nodes: what is wrong, who is worse than the rest, what they earn. In a crontab:
#
#   MAILTO_OPERATOR=me@example.org
#   0 7 * * 1  /usr/local/bin/fleet-report.sh pi-1 pi-2 pi-3
#
# Arguments are the nodes, and whatever else `nodupe compare` takes. Settings and their defaults:
#   MAILTO_OPERATOR   who gets the mail (needed)
#   MAILER=mail       called as: MAILER -s SUBJECT ADDRESS, with the text on stdin
# The subject says how many problems there are. Exit codes: 0 the mail says all; 1 a part of it could not be had, and the
# mail says which, or it could not be sent.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
if [ -z "${MAILTO_OPERATOR:-}" ] || [ $# -lt 2 ]; then
  echo "usage: MAILTO_OPERATOR=ADDRESS fleet-report.sh NODE NODE..." >&2
  exit 2
fi

report=$(mktemp) || exit 1
trap 'rm -f "$report"' EXIT
failed=0
# part TITLE ACCEPTED COMMAND...: adds a chapter; another exit code than 0 and ACCEPTED is a failure.
part() {
  title=$1
  accepted=$2
  shift 2
  printf '# %s\n\n' "$title" >>"$report"
  "$@" >>"$report" 2>&1
  code=$?
  if [ "$code" -ne 0 ] && [ "$code" -ne "$accepted" ]; then
    failed=1
    echo "(this part failed: exit code $code)" >>"$report"
  fi
  echo >>"$report"
}
# 1 is a board that is not well: that is what the mail is for.
part "What is wrong" 1 "$nodupe" status --quiet
part "Last 7 days" 0 "$nodupe" compare --last 7d --type performance --format markdown "$@"
part "Earnings of the last 30 days" 0 "$nodupe" compare --last 30d --type earnings --format markdown "$@"

# Each problem has one "about"; they come first.
problems=$("$nodupe" status --json --quiet 2>/dev/null | sed 's/\],"time":.*//' | grep -o '"about":' | wc -l)
case "$((problems))" in
0) subject="Storage nodes: all is well" ;;
1) subject="Storage nodes: 1 problem" ;;
*) subject="Storage nodes: $((problems)) problems" ;;
esac
[ "$failed" -eq 0 ] || subject="$subject; the report is not complete"
"${MAILER:-mail}" -s "$subject" "$MAILTO_OPERATOR" <"$report" || {
  echo "fleet-report: the mail could not be sent; it would have said:" >&2
  cat "$report" >&2
  exit 1
}
exit "$failed"
