#!/bin/sh
# Runs tests on an overloaded machine: no test may fail because other programs are running.
#
#   build/check-load.sh [N] [TEST…]    N spinning processes (8), and these tests, or all of them
#
# Test deadlines stretch with the load (tests/support/emulation.ts); the runner's own timeout is four times as
# long here.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

spinning=${1:-8}
[ $# -eq 0 ] || shift
[ $# -gt 0 ] || set -- tests

pids=''
trap 'kill $pids 2>/dev/null' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
count=0
while [ "$count" -lt "$spinning" ]; do
  sh -c 'while :; do :; done' &
  pids="$pids $!"
  count=$((count + 1))
done

home=$(mktemp -d) || exit 1
HOME="$home" bun test --parallel=2 --timeout 240000 "$@"
result=$?
rm -rf "$home"
exit "$result"
