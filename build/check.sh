#!/bin/sh
# Everything that must hold before a change lands: format, lint, types, dead code, a reproducible build, and all
# tests, including those of the compiled binary. Needs git, Node 18 and npm; fetches Bun and the packages itself.
#
#   build/check.sh            lists missing system programs that tests need, and skips those tests
#   build/check.sh --install  installs them first (Debian, as root); CI=true does the same
#   build/check.sh --all      also runs all end-to-end tests on arm64, which is emulated here and slow; otherwise only
#                             those that cover what differs there: foreign functions, sockets, workers, the store,
#                             installing. Also runs this script itself on a fresh Debian, where otherwise only
#                             install.sh and the packages are tried
#
# BUILD_CACHE (~/.cache/nodupe) keeps downloads: runtimes of other platforms, the fresh Debian.
#
# Ends with every failure once more, in at most 120 lines, and a line "N passed, N failed, N skipped"; exit code 0 only
# if nothing failed. A test file in which something failed runs once again, alone. What passes then is listed as
# "unsteady: passed only alone" and counts as passed: an unsteady test is a defect to mend, but it must not hide what
# all the others say. What fails twice has failed. More than ten such files are no accident: none of them runs again.
set -u
# Tests check the modes of created files: use the usual umask, whatever this was started with.
umask 022
cd "$(dirname "$0")/.." || exit 1

# program:package, with Debian's names; for a library, its file
PROGRAMS="chronyd:chrony ntpdig:ntpsec-ntpdig strace:strace curl:curl wget:wget openssl:openssl nginx:nginx
shellcheck:shellcheck busybox:busybox dash:dash faketime:faketime xz:xz-utils zsh:zsh fish:fish groff:groff man:man-db lexgrog:man-db logrotate:logrotate
chromium:chromium systemd-nspawn:systemd-container systemd-analyze:systemd pgrep:procps
nsenter:util-linux debootstrap:debootstrap lintian:lintian nft:nftables ip:iproute2 qemu-aarch64-static:qemu-user-static
/usr/aarch64-linux-gnu/lib/ld-linux-aarch64.so.1:libc6-arm64-cross promtool:prometheus
redis-server:redis-server redis-cli:redis-tools
/usr/aarch64-linux-gnu/lib/libstdc++.so.6:libstdc++6-arm64-cross
/usr/aarch64-linux-gnu/lib/libgcc_s.so.1:libgcc-s1-arm64-cross"

install=${CI:-false}
arm64=''
for argument in "$@"; do
  case "$argument" in
  --install) install=true ;;
  --all) arm64=--all ;;
  *)
    echo "check.sh: unknown argument $argument; expected --install, --all or nothing" >&2
    exit 2
    ;;
  esac
done

for program in git node npm; do
  command -v "$program" >/dev/null 2>&1 && continue
  echo "check.sh: git, Node 18 or newer and npm are needed (Debian: apt install git nodejs npm)" >&2
  exit 1
done

BUILD_CACHE=${BUILD_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/nodupe}
export BUILD_CACHE

passed=0
failed=0
skipped=0
failures=''
work=$(mktemp -d) || exit 1
mkdir "$work/stages"
stages=0
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step NAME COMMAND...: runs a command, shows its output if it fails, and counts the result.
step() {
  name=$1
  shift
  printf '%-14s ' "$name"
  if "$@" >"$work/log" 2>&1; then
    echo ok
    passed=$((passed + 1))
  else
    echo FAILED
    sed 's/^/    /' "$work/log"
    failed=$((failed + 1))
    failures="$failures $name"
    keep_stage "$name" "$work/log"
  fi
}

# keep_stage NAME LOG: keeps a log for the report at the end, in the folder $stage.
keep_stage() {
  stages=$((stages + 1))
  stage="$work/stages/$((stages + 10)) $1"
  mkdir "$stage" && cp "$2" "$stage/log"
}

missing_packages() {
  for pair in $PROGRAMS; do
    case "$pair" in
    /*) [ -e "${pair%%:*}" ] || printf '%s ' "${pair#*:}" ;;
    *) PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair#*:}" ;;
    esac
  done
}

# Debian starts a service when its package is installed, unless policy-rc.d forbids it.
install_packages() {
  policy=/usr/sbin/policy-rc.d
  made_policy=false
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made_policy=true
  fi
  # shellcheck disable=SC2086 # a list of package names
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $1
  result=$?
  [ "$made_policy" = true ] && rm -f "$policy"
  return "$result"
}

missing=$(missing_packages)
if [ -n "$missing" ] && [ "$install" = true ]; then
  step 'programs' install_packages "$missing"
  missing=$(missing_packages)
fi
[ -z "$missing" ] || echo "missing, so some tests are skipped (build/check.sh --install installs them): $missing"

# Packages that match the lockfile are kept, so that checking works without a network; CI always installs them.
packages_fit() {
  [ "${CI:-false}" != true ] && [ -x node_modules/.bin/bun ] && [ -f node_modules/.package-lock.json ] &&
    [ -z "$(find package-lock.json -newer node_modules/.package-lock.json)" ]
}
if packages_fit; then
  echo 'packages       kept: they match the lockfile'
else
  step 'packages' npm ci --no-fund --no-audit
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

lockfile_is_clean() { ! grep -n '"resolved"' package-lock.json; }

# Building the same tree elsewhere must give the same bytes.
build_is_reproducible() {
  bun build/copy-tree.ts "$work/elsewhere" &&
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) SOURCE_COMMIT=$(git rev-parse --short=12 HEAD) bun "$work/elsewhere/build/compile.ts" "$work/elsewhere/dist/nodupe" &&
    cmp dist/nodupe "$work/elsewhere/dist/nodupe"
}

# The tools that check the source need Node, and a newer one than builds and tests do.
node_is_new() {
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)'
}

# lint_step NAME COMMAND...: a step for such a tool; counted as skipped if Node is too old for it.
lint_step() {
  if node_is_new; then
    step "$@"
    return
  fi
  printf '%-14s skipped: Node %s is older than 20.19\n' "$1" "$(node --version | tr -d v)"
  skipped=$((skipped + 1))
}

step 'lockfile' lockfile_is_clean
lint_step 'format' oxfmt --check
lint_step 'lint' oxlint --type-aware --deny-warnings
step 'types' bun check --no-script
lint_step 'dead code' knip
step 'build' bun run build
step 'reproducible' build_is_reproducible

# The tests run with their own home: this user's settings and store are neither read nor written.
mkdir -p "$work/home"
NODUPE_SKIPPED="$work/skipped"
: >"$work/skipped"
export NODUPE_SKIPPED

# count WORD: how many tests passed, failed or were skipped (bun's own numbers, over all its runs); empty without
# a summary.
count() { sed -n "s/^ *\([0-9][0-9]*\) $1\$/\1/p" "$work/tests" | awk '{ sum += $1 } END { if (NR > 0) print sum }'; }

# run_tests NAME ALONE COMMAND...: runs a command that ends with bun's summary, and adds up its numbers. `ALONE FILE`
# runs one of its test files by itself.
run_tests() {
  name=$1
  alone=$2
  shift 2
  echo
  echo "$name"
  {
    HOME="$work/home" "$@" 2>&1
    echo $? >"$work/status"
  } | tee "$work/tests"
  now_passed=$(count pass)
  now_failed=$(count fail)
  now_skipped=$(count skip)
  status=$(cat "$work/status")
  if [ "$status" -ne 0 ]; then
    keep_stage "$name" "$work/tests"
    again=$(run_again "$alone" "$stage")
    # bun ends with 1 after a failed test; any other end is the runner's own failure.
    runner_failed=0
    [ "$status" -eq 1 ] && [ "${now_failed:-0}" -gt 0 ] || runner_failed=1
    # A failure that passed alone counts once; the numbers of the second run are not added.
    now_passed=$((${now_passed:-0} + ${again% *}))
    now_failed=$((${now_failed:-0} - ${again% *}))
    [ "$now_failed" -ge "${again#* }" ] || now_failed=${again#* }
    now_failed=$((now_failed + runner_failed))
    [ "$now_failed" -eq 0 ] || failures="$failures $name"
  elif [ -z "$now_passed" ] && ! grep -q '^skipped' "$work/tests"; then
    echo "check.sh: $name printed no summary" >&2
    failures="$failures $name"
    now_failed=1
  fi
  passed=$((passed + ${now_passed:-0}))
  failed=$((failed + ${now_failed:-0}))
  skipped=$((skipped + ${now_skipped:-0}))
}

# run_again ALONE STAGE: runs each file with a failure by itself, and prints how many failures passed then, and how many
# did not.
run_again() (
  bun build/check-report.ts files "$2/log" >"$work/files"
  files=$(wc -l <"$work/files")
  [ "$files" -le 10 ] || : >"$work/files"
  HOME="$work/home"
  NODUPE_SKIPPED="$work/skipped-again"
  number=0
  while read -r file; do
    number=$((number + 1))
    echo "once again, alone: $file" >&2
    "$1" "$file" >"$2/alone.$number" 2>&1 </dev/null
  done <"$work/files"
  [ "$number" -gt 0 ] || : >"$2/alone.0"
  bun build/check-report.ts again "$2/log" "$2"/alone.* || echo 0 0
)

# Files run in as many processes as there are cores, but at least two: many tests wait for something.
cores=$(nproc)
[ "$cores" -ge 2 ] || cores=2
test_alone() { bun test --timeout 60000 "$1"; }
run_tests 'tests' test_alone bun test --parallel="$cores" --timeout 60000 --path-ignore-patterns 'tests/fresh/**' tests

# On a fresh Debian, in parallel with the emulated tests: this keeps one core busy, one file after the other.
test_fresh() { NODUPE_FRESH_CHECK="$arm64" bun test --timeout 600000 "$1"; }
(
  HOME="$work/home"
  test_fresh tests/fresh >"$work/fresh" 2>&1
  echo $? >"$work/fresh-status"
) &
fresh=$!
# shellcheck disable=SC2086 # an option or none
run_tests 'arm64 tests' build/check-arm64.sh build/check-arm64.sh $arm64
wait "$fresh"
# shellcheck disable=SC2016 # the inner shell's
run_tests 'fresh machine' test_fresh sh -c 'cat "$1/fresh"; exit "$(cat "$1/fresh-status")"' sh "$work"
skipped=$((skipped + $(wc -l <"$work/skipped")))

echo
[ "$stages" -eq 0 ] || bun build/check-report.ts report "$work/stages"
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
