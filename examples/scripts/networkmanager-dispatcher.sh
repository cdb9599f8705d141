#!/bin/sh
# NetworkManager hook: as soon as the network is there, sets the clock and uploads what waits. Install it as
# /etc/NetworkManager/dispatcher.d/90-nodupe, owned by root, mode 755, and link it into no-wait.d, where a long upload
# holds up nobody:
#
#   ln -s ../90-nodupe /etc/NetworkManager/dispatcher.d/no-wait.d/90-nodupe
#
# NetworkManager calls it as: INTERFACE ACTION. Settings, from /etc/default/nodupe-dispatcher:
#   CV_FOLDER=       the folder to upload; nothing is uploaded without it
#   SYNC_USER=       the user who uploads (the folder's owner, so that root's store is not used); root without it
#   SET_CLOCK=yes    no: leave the clock alone (chrony or systemd-timesyncd has it)
# What goes wrong is in the journal: journalctl -t nodupe-dispatcher. Exit code 0: a hook must not fail the connection.
set -u
PATH=$PATH:/usr/sbin:/sbin:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
interface=${1:-}
action=${2:-}
CV_FOLDER=''
SYNC_USER=''
SET_CLOCK=yes
settings=${SETTINGS:-/etc/default/nodupe-dispatcher}
# shellcheck disable=SC1090 # the administrator's
[ ! -r "$settings" ] || . "$settings"

case "$action" in
up) ;;
connectivity-change) [ "${CONNECTIVITY_STATE:-}" = FULL ] || exit 0 ;;
*) exit 0 ;;
esac
[ "$interface" != lo ] || exit 0

# run WHAT COMMAND...: in the journal where there is one, else on stderr.
run() {
  what=$1
  shift
  said=$("$@" 2>&1 >/dev/null) && return
  code=$?
  line="$what failed ($code): $said"
  logger -t nodupe-dispatcher "$line" 2>/dev/null || echo "nodupe-dispatcher: $line" >&2
}

[ "$SET_CLOCK" = no ] || run "setting the clock" "$nodupe" time --set --quiet
if [ -n "$CV_FOLDER" ]; then
  if [ -n "$SYNC_USER" ] && [ "$(id -u)" -eq 0 ]; then
    run "uploading $CV_FOLDER" runuser -u "$SYNC_USER" -- "$nodupe" sync "$CV_FOLDER" --quiet
  else
    run "uploading $CV_FOLDER" "$nodupe" sync "$CV_FOLDER" --quiet
  fi
fi
exit 0
