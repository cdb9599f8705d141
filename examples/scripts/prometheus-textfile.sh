#!/bin/sh
# Metrics for the textfile collector of Prometheus' node_exporter. In a crontab:
#
#   */5 * * * *  /usr/local/bin/prometheus-textfile.sh
#
# Writes FOLDER/nodupe.prom (what `nodupe metrics` knows) and FOLDER/nodupe-collect.prom (whether that worked, so that an
# alert can be raised on `nodupe_collect_exit_code != 0`); each is replaced whole or not at all. If nodupe.prom cannot be
# written, the old one stays. The argument is FOLDER, /var/lib/prometheus/node-exporter by default (Debian's). Settings
# and their defaults:
#   MEASURE_CLOCK=no   yes: ask time servers first, so that the clock's figures are new
# Exit codes are those of `nodupe metrics`.
set -u
PATH=$PATH:${HOME:-/root}/.local/bin:/usr/local/bin
nodupe=${NODUPE:-nodupe}
folder=${1:-/var/lib/prometheus/node-exporter}
if [ ! -d "$folder" ]; then
  echo "prometheus-textfile: there is no folder $folder; name the one of node_exporter's --collector.textfile.directory" >&2
  exit 2
fi
# What it says is in the store; that no server answers is no reason to leave the rest out.
if [ "${MEASURE_CLOCK:-no}" = yes ]; then "$nodupe" time --quiet >/dev/null 2>&1; fi

"$nodupe" metrics --output "$folder/nodupe.prom" --quiet
code=$?
# The collector reads *.prom alone: a half-written file never has that name.
new=$folder/nodupe-collect.prom.$$
trap 'rm -f "$new"' EXIT
{
  echo '# HELP nodupe_collect_exit_code exit code of the last nodupe metrics'
  echo '# TYPE nodupe_collect_exit_code gauge'
  echo "nodupe_collect_exit_code $code"
  echo '# HELP nodupe_collect_timestamp_seconds when nodupe metrics was last run'
  echo '# TYPE nodupe_collect_timestamp_seconds gauge'
  echo "nodupe_collect_timestamp_seconds $(date +%s)"
} >"$new" && chmod 644 "$new" && mv "$new" "$folder/nodupe-collect.prom" || exit 1
exit "$code"
