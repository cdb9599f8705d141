#!/bin/sh
# Installs nodupe. From a checkout it builds (git, Node and npm are enough: Bun comes from the npm registry);
# elsewhere it downloads and verifies a release. The installation is atomic.
#
#   ./install.sh                                     from a checkout: build and install to ~/.local/bin
#   sudo ./install.sh --prefix /usr/local            for all users of this machine, and for sudo and services
#   ./install.sh --from https://HOST/PATH            download from there (or NODUPE_BASE_URL)
#   ./install.sh --from https://HOST/PATH --version 1.2.3
#   ./install.sh --uninstall
#
# Exit codes: 0 done; 1 failed (wrong checksum or signature, no space, a failed build, an unsupported machine); 2
# usage; 4 the release cannot be reached; 5 not permitted. Whatever fails, an installed nodupe stays.

# The brace makes the shell read the whole script before running it: if it is cut off in a pipe, it is a syntax
# error and not half an installation.
{
set -u
# Installed files are readable by everybody who can enter the folder, whatever umask this was started with.
umask 022

# Filled in by the release: the publisher's address and Ed25519 key (SPKI, DER, base64).
BASE_URL=''
RELEASE_KEY=''

say() { printf '%s\n' "$*" >&2; }
die() {
  code=$1
  shift
  say "install.sh: $*"
  exit "$code"
}
have() { command -v "$1" >/dev/null 2>&1; }

usage() {
  cat <<'END'
Usage: install.sh [--from URL] [--version X] [--prefix PREFIX] [--uninstall]

  --from URL        download the release from there; https, or http to loopback (or set NODUPE_BASE_URL)
  --version X       that version, be it older or a pre-release (default: the newest release at the URL)
  --prefix PREFIX   install to PREFIX/bin (default ~/.local); a PREFIX that ends in /bin is that folder itself.
                    For a whole board: sudo ./install.sh --prefix /usr/local
  --uninstall       remove what this script has installed; settings and store stay
  -h, --help        this help

From a checkout, without a URL, it builds nodupe with npm (Node 18 or newer).
nodupe is 64-bit only: x86_64 or aarch64 (Raspberry Pi 3, 4, 5 and Zero 2 W with a 64-bit system).
END
}

# --- arguments

from=${NODUPE_BASE_URL:-}
version=''
prefix=''
uninstall=false
while [ $# -gt 0 ]; do
  argument=$1
  shift
  case "$argument" in
  --from=* | --version=* | --prefix=*)
    value=${argument#*=}
    argument=${argument%%=*}
    ;;
  --from | --version | --prefix)
    [ $# -gt 0 ] || die 2 "$argument needs a value; see: install.sh --help"
    value=$1
    shift
    ;;
  --uninstall) uninstall=true ;;
  -h | --help)
    usage
    exit 0
    ;;
  *) die 2 "unknown argument $argument, expected --from, --version, --prefix or --uninstall; see: install.sh --help" ;;
  esac
  case "$argument" in
  --from | --version | --prefix)
    case "$value" in
    '' | -*) die 2 "$argument needs a value; see: install.sh --help" ;;
    esac
    ;;
  esac
  case "$argument" in
  --from) from=$value ;;
  --version)
    version=${value#v}
    case "$version" in
    [0-9]*) ;;
    *) die 2 "--version: found $value, expected a version such as 1.2.3" ;;
    esac
    case "$version" in
    *[!0-9A-Za-z.-]*) die 2 "--version: found $value, expected a version such as 1.2.3" ;;
    esac
    ;;
  --prefix) prefix=$value ;;
  esac
done

if [ -z "$prefix" ]; then
  [ -n "${HOME:-}" ] || die 2 "HOME is not set; say where to install with --prefix"
  prefix=$HOME/.local
fi
case "$prefix" in
/*) ;;
*) prefix=$PWD/$prefix ;;
esac
prefix=${prefix%/}
case "$prefix" in
*/bin) prefix=${prefix%/bin} ;;
esac
bin=$prefix/bin
share=$prefix/share
# place_of PAPER: where a file other than the binary goes, below $share; nothing for unknown files.
place_of() {
  case "$1" in
  man/nodupe.1 | man/nodupe-*.1) printf 'man/man1/%s\n' "${1#man/}" ;;
  completions/nodupe.bash) echo bash-completion/completions/nodupe ;;
  completions/_nodupe) echo zsh/site-functions/_nodupe ;;
  completions/nodupe.fish) echo fish/vendor_completions.d/nodupe.fish ;;
  esac
}

# --- removing

if [ "$uninstall" = true ]; then
  if [ ! -e "$bin/nodupe" ] && [ ! -L "$bin/nodupe" ]; then
    say "there is no nodupe in $bin: nothing to remove"
    exit 0
  fi
  [ ! -d "$bin/nodupe" ] || die 1 "$bin/nodupe is a folder, not something that install.sh has made; nothing was removed"
  rm -f "$bin/nodupe" 2>/dev/null || die 5 "not permitted to remove $bin/nodupe; run as the user who installed it"
  for paper in completions/nodupe.bash completions/_nodupe completions/nodupe.fish; do
    rm -f "$share/$(place_of "$paper")" 2>/dev/null
  done
  rm -f "$share/man/man1/nodupe.1" "$share/man/man1"/nodupe-*.1 2>/dev/null
  say "removed $bin/nodupe; settings (~/.config/nodupe) and the store (~/.local/share/nodupe) are still there"
  exit 0
fi

# --- the stage: a folder beside the place of installation, so that the last step is one rename

stage=''
# The build made by the checkout's owner when another user installs.
draft=''
# The deepest existing folder on the way to $bin: folders below it are removed again if nothing is installed.
ground=$bin
while [ ! -d "$ground" ] && [ -n "$ground" ]; do ground=${ground%/*}; done
# shellcheck disable=SC2317 # the trap calls it
clean_up() {
  [ -n "$stage" ] || return
  rm -rf "$stage" ${draft:+"$draft"}
  folder=$bin
  while [ "$folder" != "$ground" ] && rmdir "$folder" 2>/dev/null; do folder=${folder%/*}; done
}
trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

make_stage() {
  [ ! -d "$bin/nodupe" ] || die 1 "$bin/nodupe is a folder; move it away, or install elsewhere with --prefix"
  mkdir -p "$bin" 2>/dev/null || die 5 "not permitted to make $bin; install elsewhere with --prefix, or run as a user who may"
  stage=$(mktemp -d "$bin/.nodupe-install.XXXXXX" 2>/dev/null) || {
    stage=''
    is_full "$bin" && die 1 "no space left in $bin; nothing was changed"
    die 5 "not permitted to write in $bin; install elsewhere with --prefix, or run as a user who may"
  }
}

# Whether a folder's file system has less than a megabyte left.
is_full() {
  left=$(df -Pk "$1" 2>/dev/null | awk 'NR == 2 { print $4 }')
  [ -n "$left" ] && [ "$left" -lt 1024 ]
}

# broken CODE WHAT: exits with the error, or with the one cause that people can fix: a full disk.
broken() {
  is_full "$stage" && die 1 "no space left in $bin (nodupe needs about 250 MB while it is installed); nothing was changed"
  die "$@"
}

# in_place: runs the staged binary, then replaces the installed one by a rename.
in_place() {
  chmod 755 "$stage/nodupe" || broken 1 "cannot make $stage/nodupe executable; nothing was changed"
  found=$("$stage/nodupe" --version 2>"$stage/messages") || {
    sed 's/^/  /' "$stage/messages" >&2
    broken 1 "the new nodupe does not run on this machine; nothing was changed"
  }
  [ -z "${1:-}" ] || [ "$found" = "$1" ] || die 1 "the new nodupe says that it is $found, expected $1; nothing was changed"
  # If the board loses power now, it has the old nodupe or the new one, never an empty file.
  sync "$stage/nodupe" 2>/dev/null || sync
  mv -f "$stage/nodupe" "$bin/nodupe" || broken 5 "cannot replace $bin/nodupe; it is as it was"
  for paper in "$stage"/man/*.1 "$stage"/completions/*; do
    below=$(place_of "${paper#"$stage/"}")
    if [ -z "$below" ] || [ ! -f "$paper" ]; then continue; fi
    place=$share/$below
    { mkdir -p "${place%/*}" && cp "$paper" "$place.new" && chmod 644 "$place.new" && mv -f "$place.new" "$place"; } 2>/dev/null ||
      { rm -f "$place.new" 2>/dev/null; say "note: $place could not be written; nodupe works without it"; }
  done
  say "installed nodupe $found to $bin/nodupe"
  case ":${PATH:-}:" in
  *":$bin:"*) ;;
  *) say "note: $bin is not on PATH; add it with: export PATH=\"$bin:\$PATH\"" ;;
  esac
}

# --- the machine

too_narrow() {
  die 1 "nodupe is 64-bit only, and this system is 32-bit ($1): install a 64-bit system (a Raspberry Pi 3, 4, 5 or Zero 2 W runs the 64-bit Raspberry Pi OS); nothing was changed"
}

# Prints this machine's target as in release names (linux-arm64, linux-x64-musl), or exits saying why there is
# none.
target() {
  system=$(uname -s)
  machine=$(uname -m)
  case "$system" in
  Linux) system=linux ;;
  Darwin) system=darwin ;;
  *) die 1 "there is no nodupe for $system, expected Linux or macOS; nothing was changed" ;;
  esac
  case "$machine" in
  x86_64 | amd64) machine=x64 ;;
  aarch64 | arm64) machine=arm64 ;;
  armv8l) too_narrow "its kernel is 64-bit, its programs are not" ;;
  arm* | i?86) too_narrow "$machine" ;;
  *) die 1 "there is no nodupe for the architecture $machine, expected x86_64 or aarch64; nothing was changed" ;;
  esac
  if [ "$system" = linux ]; then
    # A 64-bit kernel with a 32-bit system, as in Raspberry Pi OS, cannot run a 64-bit program.
    if have getconf && [ "$(getconf LONG_BIT 2>/dev/null)" = 32 ]; then
      too_narrow "its kernel is 64-bit, its programs are not"
    fi
    set -- /lib/ld-musl-*.so.1
    glibc=false
    for loader in /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1; do [ ! -e "$loader" ] || glibc=true; done
    if [ -e "$1" ] && [ "$glibc" = false ]; then
      machine=$machine-musl
      set -- /lib/libstdc++.so.6 /usr/lib/libstdc++.so.6 /usr/local/lib/libstdc++.so.6
      [ -e "$1" ] || [ -e "$2" ] || [ -e "$3" ] ||
        die 1 "nodupe needs libstdc++, which this system lacks; install it with: apk add libstdc++ (nothing was changed)"
    fi
    case "$machine" in
    x64*) grep -q '^flags.* avx2' /proc/cpuinfo 2>/dev/null || machine=$machine-baseline ;;
    esac
  fi
  printf '%s\n' "$system-$machine"
}

# --- from a checkout

# The folder of this script if it is a source checkout; nothing if the script is piped into a shell.
checkout() {
  case "$0" in
  install.sh | */install.sh) ;;
  *) return 1 ;;
  esac
  folder=$(dirname "$0") && folder=$(cd "$folder" 2>/dev/null && pwd) || return 1
  [ -f "$folder/package-lock.json" ] && [ -f "$folder/src/main.ts" ] && [ -f "$folder/build/compile.ts" ] || return 1
  printf '%s\n' "$folder"
}

# Whether the checkout's owner used sudo. Everything from npm and the build then belongs to that user, and no
# package's scripts run as root.
is_under_sudo() {
  [ "$(id -u)" = 0 ] && [ -n "${SUDO_USER:-}" ] && [ "$SUDO_USER" != root ] && have sudo &&
    [ -n "$(find "$source" -prune -user "$SUDO_USER" 2>/dev/null)" ]
}

# node_fits: Node is installed and new enough to install Bun (`engines` in package.json).
node_fits() {
  have node && node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 18 ? 0 : 1)' 2>/dev/null
}

# ran COMMAND...: runs a command as the checkout's owner; its output is shown only if it fails.
ran() {
  if is_under_sudo; then set -- sudo -H -u "$SUDO_USER" -- env "PATH=$PATH" "$@"; fi
  "$@" >"$stage/messages" 2>&1 && return
  sed 's/^/  /' "$stage/messages" >&2
  return 1
}

build() {
  source=$1
  target >/dev/null || exit 1
  if ! have npm || ! node_fits; then
    hint=''
    if [ -n "${SUDO_USER:-}" ]; then hint=', and on the PATH that sudo sets'; fi
    die 1 "Node 18 or newer and npm are needed to build nodupe (Debian: apt install nodejs npm$hint), or download a release with --from URL; nothing was changed"
  fi
  make_stage
  cd "$source" || die 1 "cannot enter $source"
  # Packages that match the lockfile are kept.
  if [ ! -x node_modules/.bin/bun ] || [ ! -f node_modules/.package-lock.json ] ||
    [ -n "$(find package-lock.json -newer node_modules/.package-lock.json)" ]; then
    say "bringing Bun and the packages from the npm registry"
    ran npm ci --no-audit --no-fund --no-update-notifier --loglevel=error ||
      broken 1 "npm could not bring the packages (see above); nothing was changed"
  fi
  say "building nodupe"
  made=$stage
  # The stage belongs to the installing user; if that is another user, the checkout's owner builds in its own
  # folder.
  if is_under_sudo; then draft=$source/dist/.install.$$ && made=$draft; fi
  if ! ran node_modules/.bin/bun build/compile.ts "$made/nodupe" || ! ran node_modules/.bin/bun build/man.ts "$made"; then
    broken 1 "the build failed (see above); nothing was changed"
  fi
  [ -z "$draft" ] || cp -R "$made/." "$stage" || broken 1 "cannot write in $bin; nothing was changed"
  in_place ''
}

# --- downloading

# Whether a URL's host is loopback: exactly 127.0.0.0/8, ::1 or localhost, not a name that only begins like one.
is_loopback() {
  rest=${1#http://}
  rest=${rest%%[/?#]*}
  case "$rest" in
  *@*) return 1 ;;
  '[::1]' | '[::1]:'*) return 0 ;;
  esac
  host=${rest%%:*}
  case "$host" in
  localhost) return 0 ;;
  127.*)
    case "$host" in
    *[!0-9.]*) return 1 ;;
    *) return 0 ;;
    esac
    ;;
  esac
  return 1
}

check_url() {
  case "$1" in
  https://?*) ;;
  http://*) is_loopback "$1" || die 2 "$1: found http, expected https (plain http only to loopback)" ;;
  *) die 2 "$1: expected a URL that begins with https://" ;;
  esac
}

unchecked=false
# fetch URL FILE: 0 done; 1 the server has no such file; 2 unreachable, cut off, or the file cannot be written.
fetch() {
  if have curl; then
    protocols='=https'
    is_loopback "$1" && protocols='=http,https'
    status=$(curl -sSL --proto "$protocols" --proto-redir "$protocols" --connect-timeout 20 --speed-limit 100 --speed-time 60 \
      -w '%{http_code}' -o "$2" "$1" 2>"$stage/messages") || return 2
    case "$status" in
    200) return 0 ;;
    403 | 404 | 410) return 1 ;;
    esac
    say "  $1: HTTP $status"
    return 2
  fi
  # -S shows where a server redirects to. GNU wget retries a broken transfer twenty times by default; Debian's
  # busybox wget crashes with -T, which it was built without.
  help=$(wget --help 2>&1)
  set -- "$1" "$2" -S
  case "$help" in *' -T'*) set -- "$@" -T 60 ;; esac
  case "$help" in *'GNU Wget'*) set -- "$@" -nv --tries=2 ;; esac
  url=$1
  file=$2
  shift 2
  wget "$@" -O "$file" "$url" 2>"$stage/answer"
  status=$?
  # wget follows redirects from https to http: such a download is not accepted.
  if ! is_loopback "$url" && grep -iq '^ *location: *http:' "$stage/answer"; then
    rm -f "$file"
    die 1 "$url was redirected to plain http, expected https; nothing was changed"
  fi
  if [ "$unchecked" = false ] && grep -q 'certificate validation not implemented' "$stage/answer"; then
    unchecked=true
    say "note: this wget does not check who a server is; install curl to be sure of it"
  fi
  [ "$status" -ne 0 ] || return 0
  # Headers do not help to understand a failure.
  grep -Ev '^ {2}[A-Za-z0-9-]+: |^ {2}HTTP/' "$stage/answer" >"$stage/messages"
  if grep -Eq '(ERROR|error:?|HTTP/[0-9.]+) (403|404|410)' "$stage/answer"; then return 1; fi
  return 2
}

# get URL FILE WHAT: fetches, or exits with an error.
get() {
  fetch "$1" "$2"
  case $? in
  0) return 0 ;;
  1) die 4 "$1 is not there; is the base URL right?" ;;
  esac
  sed 's/^/  /' "$stage/messages" >&2
  is_full "$stage" && broken 1 ''
  if [ -s "$2" ]; then
    broken 1 "$3 was not downloaded whole: the transfer was cut off, or cannot be written in $bin; nothing was changed"
  fi
  broken 4 "$3 could not be downloaded from $1; nothing was changed"
}

sha256_of() {
  if have sha256sum; then sha256sum "$1"
  elif have shasum; then shasum -a 256 "$1"
  else openssl dgst -sha256 -r "$1"
  fi | sed 's/ .*//'
}

# Verifies the signature of SHA256SUMS, if this script has a key and openssl can check it.
check_signature() {
  if [ -z "$RELEASE_KEY" ]; then
    say "note: this install.sh holds no release key: the checksum is verified, who made the release is not"
    return
  fi
  if ! have openssl || ! openssl pkeyutl -help 2>&1 | grep -q rawin; then
    say "note: without openssl 3 the signature cannot be verified; the checksum is"
    return
  fi
  fetch "$1.sig" "$stage/SHA256SUMS.sig" || die 1 "the release at $1 is not signed (SHA256SUMS.sig cannot be had), and this install.sh expects it to be; nothing was changed"
  printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$RELEASE_KEY" >"$stage/key.pem"
  openssl pkeyutl -verify -rawin -pubin -inkey "$stage/key.pem" -sigfile "$stage/SHA256SUMS.sig" \
    -in "$stage/SHA256SUMS" >/dev/null 2>&1 ||
    die 1 "the signature of $1 is wrong: these files are not from who publishes nodupe; nothing was changed"
}

# latest FLAG: the newest of the versions on stdin, one per line, in semver order; with `released`, pre-releases
# (1.2.0-rc.1) are ignored.
latest() {
  awk -v which="$1" '
    # Whether a comes after b: numbers by value, a release after its pre-releases, and those part by part.
    function after(a, b,    l, r, n, m, i, p, q, s, t) {
      l = a; r = b; sub(/-.*/, "", l); sub(/-.*/, "", r)
      split(l, p, "."); split(r, q, ".")
      for (i = 1; i <= 3; i++) if (p[i] + 0 != q[i] + 0) return p[i] + 0 > q[i] + 0
      s = index(a, "-"); t = index(b, "-")
      if (!s || !t) return !s && t
      n = split(substr(a, s + 1), p, "."); m = split(substr(b, t + 1), q, ".")
      for (i = 1; i <= n && i <= m; i++) {
        s = p[i] ~ /^[0-9]+$/; t = q[i] ~ /^[0-9]+$/
        if (s && t) { if (p[i] + 0 != q[i] + 0) return p[i] + 0 > q[i] + 0 }
        else if (s != t) return t
        else if (p[i] "" != q[i] "") return p[i] "" > q[i] ""
      }
      return n > m
    }
    which == "released" && /-/ { next }
    best == "" || after($0, best) { best = $0 }
    END { if (best != "") print best }'
}

# The newest version in SHA256SUMS for a target, or the requested one; nothing if there is none.
version_in() {
  sed -n "s/^[0-9a-f]\{64\}  nodupe-\([0-9][0-9A-Za-z.-]*\)-$1\.tar\.$2\$/\1/p" "$stage/SHA256SUMS" |
    if [ -n "$version" ]; then grep -Fx -e "$version" | head -n 1; else latest released; fi
}

# unpack ARCHIVE COMMAND...: unpacks the members that this script knows into the stage. A release holds only
# regular files: an archive with a link, or anything else that could lead out of the stage, is refused. It is read
# twice, to need no more space.
unpack() {
  archive=$1
  shift
  : >"$stage/messages"
  "$@" "$archive" 2>>"$stage/messages" | tar -tvf - >"$stage/members" 2>>"$stage/messages" || return 1
  if grep -qv '^[-d]' "$stage/members"; then
    echo 'it holds a link or a device' >>"$stage/messages"
    return 1
  fi
  names=$(awk '{ print $NF }' "$stage/members" |
    grep -Ex 'nodupe|man/nodupe(-[a-z]+)*\.1|completions/(nodupe\.bash|_nodupe|nodupe\.fish)')
  # shellcheck disable=SC2086 # names of letters, dots and hyphens
  "$@" "$archive" 2>>"$stage/messages" | (cd "$stage" && tar -xf - $names 2>>messages) || return 1
  [ -f "$stage/nodupe" ] && rm -f "$archive"
}

download() {
  base=${from%/}
  check_url "$base"
  target=$(target) || exit 1
  have curl || have wget || die 1 "curl or wget is needed to download nodupe"
  have tar || die 1 "tar is needed to unpack nodupe"
  have sha256sum || have shasum || have openssl || die 1 "sha256sum, shasum or openssl is needed to verify the download"
  if have xz; then suffix=xz
  elif have gzip; then suffix=gz
  else die 1 "xz or gzip is needed to unpack nodupe"
  fi
  make_stage
  installed=$("$bin/nodupe" --version 2>/dev/null | grep -Ex '[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?')

  # The newest release is at the base URL; older ones may be in folders below it, by version.
  get "$base/SHA256SUMS" "$stage/SHA256SUMS" 'the list of checksums'
  found=$(version_in "$target" "$suffix")
  if [ -z "$found" ] && [ -n "$version" ]; then
    for below in "$version" "v$version"; do
      fetch "$base/$below/SHA256SUMS" "$stage/SHA256SUMS" || continue
      found=$(version_in "$target" "$suffix")
      [ -z "$found" ] || { base=$base/$below && break; }
    done
  fi
  [ -n "$found" ] || die 1 "$base has no nodupe ${version:+$version }for $target; nothing was changed"
  check_signature "$base/SHA256SUMS"
  if [ -z "$version" ] && [ -n "$installed" ] && [ "$(printf '%s\n' "$found" "$installed" | latest all)" != "$found" ]; then
    die 1 "nodupe $installed is installed, and $base has only $found, which is older; to go back, name it: --version $found (nothing was changed)"
  fi

  name=nodupe-$found-$target.tar.$suffix
  say "downloading $name"
  get "$base/$name" "$stage/$name" "$name"
  expected=$(sed -n "s/^\([0-9a-f]\{64\}\)  $name\$/\1/p" "$stage/SHA256SUMS")
  actual=$(sha256_of "$stage/$name")
  [ "$actual" = "$expected" ] ||
    broken 1 "$name has the wrong checksum: found $actual, expected $expected; nothing was changed"

  case "$suffix" in
  xz) set -- xz -dc ;;
  gz) set -- gzip -dc ;;
  esac
  unpack "$stage/$name" "$@" || {
    sed 's/^/  /' "$stage/messages" >&2
    broken 1 "$name cannot be unpacked in $bin; nothing was changed"
  }
  in_place "$found"
}

# --- which of the two

: "${from:=}"
if [ -z "$from" ]; then
  if source=$(checkout); then
    [ -z "$version" ] || die 2 "--version needs a release to download: give its address with --from URL (this checkout builds the version that is checked out)"
    build "$source"
    exit 0
  fi
  from=$BASE_URL
fi
[ -n "$from" ] || die 2 "there is no address to download from: give one with --from URL or NODUPE_BASE_URL, or run install.sh in a checkout of nodupe"
download
exit
}
