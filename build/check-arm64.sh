#!/bin/sh
# Runs the end-to-end tests against the arm64 binary, emulating a Cortex-A53 (common on small boards).
#
#   build/check-arm64.sh             what may differ there: foreign functions, sockets, workers, the store, installing
#   build/check-arm64.sh --all       everything that runs the binary
#   build/check-arm64.sh FILE…       these files of tests/e2e
#
# Needs Debian's qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross, libgcc-s1-arm64-cross. If they are
# missing, that is reported and counted as skipped (NODUPE_SKIPPED), never as passed. So are the few tests in which the
# program is started by itself or by install.sh, if the kernel cannot do that (see arm64-namespace.sh). Prints
# bun's own summaries, one for the tests that measure a clock and one for the others.
set -u
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

SYSROOT=/usr/aarch64-linux-gnu
missing=''
command -v qemu-aarch64-static >/dev/null 2>&1 || missing='qemu-user-static'
for pair in ld-linux-aarch64.so.1:libc6-arm64-cross libstdc++.so.6:libstdc++6-arm64-cross libgcc_s.so.1:libgcc-s1-arm64-cross; do
  [ -e "$SYSROOT/lib/${pair%%:*}" ] || missing="$missing ${pair#*:}"
done
if [ -n "$missing" ]; then
  line="skipped, packages missing ($missing): the end-to-end tests on arm64"
  echo "$line" >&2
  [ -z "${NODUPE_SKIPPED:-}" ] || echo "$line" >>"$NODUPE_SKIPPED"
  exit 0
fi

EMULATOR="$(command -v qemu-aarch64-static) -cpu cortex-a53 -L $SYSROOT"
bun build/compile.ts --target linux-arm64 dist/arm64/nodupe || exit 1

# Wrappers that run an arm64 program: qemu as a Cortex-A53, with Debian's libraries.
printf '#!/bin/sh\nexec %s "$@"\n' "$EMULATOR" >dist/arm64/emulate
printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$EMULATOR" "$PWD/dist/arm64/nodupe" >dist/arm64/run
chmod 755 dist/arm64/emulate dist/arm64/run

if [ $# -eq 0 ]; then
  set -- time/time.test.ts time/time-set.test.ts time/time-fallback.test.ts \
    sync/sync.test.ts sync/sync-batch.test.ts sync/sync-signals.test.ts sync/sync-kill.test.ts sync/sandbox.test.ts \
    store/released-store.test.ts nodes/ingest-truth.test.ts nodes/ingest-again.test.ts nodes/compare.test.ts \
    install/install-program.test.ts install/upgrade.test.ts
  for file in "$@"; do
    shift
    # bun takes a name that does not exist as a filter that matches nothing.
    [ -e "tests/e2e/$file" ] || { echo "check-arm64.sh: there is no tests/e2e/$file" >&2 && exit 1; }
    set -- "$@" "tests/e2e/$file"
  done
fi

# Never run here, as they do not depend on arm64: install.test.ts and install-download.test.ts install shell
# scripts in the program's place (install-program.test.ts installs the program), install-checkout.test.ts builds
# for this machine.
if [ "$1" = --all ]; then
  shift
  for file in tests/e2e/*/*.test.ts; do
    case "$file" in
    */install.test.ts | */install-download.test.ts | */install-checkout.test.ts) ;;
    *) set -- "$@" "$file" ;;
    esac
  done
fi

export NODUPE_TEST_PROGRAM="$PWD/dist/arm64/nodupe" NODUPE_TEST_TARGET=linux-arm64 NODUPE_TEST_PATIENCE=10
in_namespace=true
build/arm64-namespace.sh "$PWD/dist/arm64/emulate" dist/arm64/nodupe --version >/dev/null 2>&1 || in_namespace=false

# emulated COMMAND...: runs a command whose tests start the arm64 program.
emulated() {
  if [ "$in_namespace" = true ]; then
    NODUPE_BINARY="$NODUPE_TEST_PROGRAM" build/arm64-namespace.sh "$PWD/dist/arm64/emulate" "$@"
  else
    # The kernel cannot start it: the tests start the emulator.
    NODUPE_BINARY="$PWD/dist/arm64/run" NODUPE_TEST_EMULATOR="$EMULATOR" "$@"
  fi
}

# Tests that measure a clock run one file after the other: emulation takes everything that a core has.
clocks=''
others=''
for file in "$@"; do
  case "$file" in
  */time/time*) clocks="$clocks $file" ;;
  *) others="$others $file" ;;
  esac
done
# bun ends with 1 after a failed test, with more if it did not get to its end: the higher number tells more.
status=0
worse() { [ "$1" -le "$status" ] || status=$1; }
# shellcheck disable=SC2086 # lists of files
[ -z "$clocks" ] || emulated bun test --timeout 120000 $clocks || status=$?
# shellcheck disable=SC2086
[ -z "$others" ] || emulated bun test --parallel=2 --timeout 120000 $others || worse $?
exit "$status"
