#!/bin/sh
# Everything that must hold before a change lands: format, lint, types, dead code, a reproducible build, all tests,
# the compiled binary's among them. Needs git, Node and npm; brings Bun and the packages itself.
#
#   build/check.sh            system programs that tests need and that are missing are listed, their tests skipped
#   build/check.sh --install  installs them first (Debian, as root); CI=true does the same
#
# Ends with a line "N passed, N failed, N skipped"; exit code 0 only where nothing failed.
set -u
cd "$(dirname "$0")/.." || exit 1

# program:package, as Debian names them
PROGRAMS="chronyd:chrony ntpdig:ntpsec-ntpdig strace:strace curl:curl openssl:openssl nginx:nginx shellcheck:shellcheck"

install=${CI:-false}
case "${1:-}" in
--install) install=true ;;
'') ;;
*)
  echo "check.sh: unknown argument $1; expected --install or nothing" >&2
  exit 2
  ;;
esac

passed=0
failed=0
skipped=0
failures=''
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# step NAME COMMAND...: runs it, shows its output where it fails, counts it.
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
  fi
}

missing_packages() {
  for pair in $PROGRAMS; do
    PATH="$PATH:/usr/sbin:/sbin" command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair#*:}"
  done
}

# Debian starts a service when its package is installed; policy-rc.d is its own way to say no.
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
[ -z "$missing" ] || echo "missing, so that some tests are skipped (build/check.sh --install brings them): $missing"

step 'packages' npm ci --no-fund --no-audit
PATH="$PWD/node_modules/.bin:$PATH"
export PATH

lockfile_is_clean() { ! grep -n '"resolved"' package-lock.json; }

# A build of the same tree elsewhere gives the same bytes.
build_is_reproducible() {
  bun build/copy-tree.ts "$work/elsewhere" &&
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct) bun "$work/elsewhere/build/compile.ts" "$work/elsewhere/dist/nodupe" &&
    cmp dist/nodupe "$work/elsewhere/dist/nodupe"
}

step 'lockfile' lockfile_is_clean
step 'format' oxfmt --check
step 'lint' oxlint --type-aware --deny-warnings
step 'types' bun check --no-script
step 'dead code' knip
step 'build' bun run build
step 'reproducible' build_is_reproducible

# The tests run with a home of their own: nothing of this user's settings or store is read or written.
mkdir -p "$work/home"
NODUPE_SKIPPED="$work/skipped"
: >"$NODUPE_SKIPPED"
export NODUPE_SKIPPED
echo
{
  HOME="$work/home" bun test --timeout 60000 tests 2>&1
  echo $? >"$work/status"
} | tee "$work/tests"
count() { sed -n "s/^ *\([0-9][0-9]*\) $1\$/\1/p" "$work/tests" | tail -n 1; }
tests_passed=$(count pass)
tests_failed=$(count fail)
tests_skipped=$(($(count skip || echo 0) + $(wc -l <"$NODUPE_SKIPPED")))
if [ -z "$tests_passed" ] || { [ "$(cat "$work/status")" -ne 0 ] && [ "${tests_failed:-0}" -eq 0 ]; }; then
  echo 'check.sh: the test runner itself failed' >&2
  failed=$((failed + 1))
  failures="$failures tests"
else
  passed=$((passed + tests_passed))
  failed=$((failed + ${tests_failed:-0}))
  skipped=$((skipped + tests_skipped))
  [ "${tests_failed:-0}" -eq 0 ] || failures="$failures tests"
fi

echo
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
