#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes this device a node of Ferry: fetches ferry-agent from the Ferry server that served this script,
# checks it, and lets it register. Can be run again at any time.
#   curl -fsSL @SERVER@/install.sh | sudo sh -s -- [OPTION]...
# POSIX sh; works with dash and busybox. Nothing happens before the last line has been read.
set -eu

server='@SERVER@'
program=ferry-agent

usage() {
  cat <<EOF
usage: curl -fsSL $server/install.sh | sudo sh -s -- [OPTION]...
  --runtime ferry|iotedge|none  who runs the modules: Ferry's agent (default), Microsoft's runtime, or nobody yet
  --token-file FILE             file with the node's token; default: FERRY_NODE_TOKEN, else asked for, not shown
  --name NAME                   what the node shall be called (with an enrollment token)
  --cloud-ca-file FILE          CA of the cloud (PEM), when the system does not know it
  --data DIR                    data directory of the agent (default /var/lib/ferry-agent)
  --docker SOCKET               socket of the Docker Engine
  --prefix DIR                  the program goes to DIR/bin (default /usr/local)
  --root DIR                    install below DIR instead of /, and start nothing
  --key-type TYPE, --keep-key, --no-wait, --no-start, --replace-provisioning, --hardware-id ID
                                as ferry-agent register --help says
  --dry-run                     say what would be done, and do nothing
  --uninstall                   take everything away again: containers, files, units, program
EOF
}

say() { printf '==> %s\n' "$*"; }
die() { printf 'install.sh: %s\n' "$*" >&2; exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# The programs that this server has, with their digests; filled in by the server.
digest_of() {
  case "$1" in
    # @DIGESTS@
    *) return 1 ;;
  esac
}

# What signed the server's certificate; empty when the system's own CAs are to be trusted.
server_ca() {
  cat <<'EOF'
@CA@
EOF
}

platform_of() {
  [ "$(uname -s)" = Linux ] || die "this is $(uname -s); ferry-agent runs on Linux"
  case "$(uname -m)" in
    x86_64 | amd64) echo linux-amd64 ;;
    aarch64 | arm64) echo linux-arm64 ;;
    armv7*) echo linux-arm-v7 ;;
    riscv64) echo linux-riscv64 ;;
    *) die "there is no ferry-agent for $(uname -m)" ;;
  esac
}

sha256_of() {
  if has sha256sum; then sha256sum <"$1" | cut -d' ' -f1
  elif has openssl; then openssl dgst -sha256 -r <"$1" | cut -d' ' -f1
  else die "neither sha256sum nor openssl is here: the program could not be checked"
  fi
}

# The digest in this script decides; the connection is checked as well where the tool can.
fetch() {
  if has curl; then
    if [ -s "$ca" ]; then curl -fsSL --cacert "$ca" -o "$2" "$1"; else curl -fsSL -o "$2" "$1"; fi
  elif has wget && wget --version 2>/dev/null | grep -q GNU; then
    if [ -s "$ca" ]; then wget -q --ca-certificate="$ca" -O "$2" "$1"; else wget -q -O "$2" "$1"; fi
  elif has wget; then wget -q --no-check-certificate -O "$2" "$1"
  else die "neither curl nor wget is here"
  fi
}

# On the disk as a whole or not at all.
put_program() {
  mkdir -p "${target%/*}"
  cp "$1" "$target.new"
  chmod 0755 "$target.new"
  sync
  mv -f "$target.new" "$target"
  sync
}

# check_runs FILE: a program that was linked for another system says little by itself.
check_runs() {
  "$1" --version >/dev/null 2>&1 && return 0
  missing=
  has ldd && missing=$(ldd "$1" 2>&1 | grep -E 'not found' | sed 's/^[[:space:]]*//' || true)
  die "ferry-agent does not run here${missing:+; it lacks: $missing}. On Debian: apt-get install libssl3"
}

install_program() {
  platform=$(platform_of)
  wanted=$(digest_of "$platform") || die "$server has no ferry-agent for $platform"
  if [ -x "$target" ] && [ "$(sha256_of "$target")" = "$wanted" ]; then
    say "$target is there already"
    return 0
  fi
  if [ -n "$dry_run" ]; then
    say "would fetch $server/install/ferry-agent/$platform (sha256 $wanted)"
    say "would write $target (mode 0755)"
    return 0
  fi
  say "fetch ferry-agent for $platform"
  fetch "$server/install/ferry-agent/$platform" "$work/$program" || die "$server does not give ferry-agent"
  [ "$(sha256_of "$work/$program")" = "$wanted" ] || die "what came is not the program that $server promised"
  chmod 0755 "$work/$program"
  check_runs "$work/$program"
  put_program "$work/$program"
  say "wrote $target"
}

uninstall() {
  if [ -x "$target" ]; then
    set -- uninstall "$@"
    [ -n "$dry_run" ] && set -- "$@" --dry-run
    [ -n "$root" ] && set -- "$@" --root "$root"
    "$target" "$@" --yes || die "the agent could not be taken away; nothing else was"
  fi
  if [ -n "$dry_run" ]; then say "would remove $target"; else rm -f "$target" && say "removed $target"; fi
}

# register ARGUMENT...: what it does by itself is to be repeatable, also after a loss of power.
register() {
  if [ -n "$dry_run" ] && [ ! -x "$target" ]; then
    say "would run $program register --server $server $*"
    return 0
  fi
  [ -s "$ca" ] && set -- "$@" --ca-file "$ca"
  [ -n "$dry_run" ] && set -- "$@" --dry-run
  [ -n "$root" ] && set -- "$@" --root "$root"
  "$target" register --server "$server" "$@"
}

main() {
  runtime=ferry prefix=/usr/local root='' dry_run='' remove='' data=/var/lib/ferry-agent docker='' rest=''
  token_file='' name='' cloud_ca='' key_type='' hardware_id=''
  while [ $# -gt 0 ]; do
    case "$1" in
      --runtime | --prefix | --root | --data | --docker | --token-file | --name | --cloud-ca-file | --key-type | --hardware-id)
        [ $# -ge 2 ] || die "$1 needs a value"
        ;;
    esac
    case "$1" in
      --runtime) runtime=$2; shift ;;
      --prefix) prefix=$2; shift ;;
      --root) root=$2; shift ;;
      --data) data=$2; shift ;;
      --docker) docker=$2; shift ;;
      --token-file) token_file=$2; shift ;;
      --name) name=$2; shift ;;
      --cloud-ca-file) cloud_ca=$2; shift ;;
      --key-type) key_type=$2; shift ;;
      --hardware-id) hardware_id=$2; shift ;;
      --keep-key | --no-wait | --no-start | --replace-provisioning) rest="$rest $1" ;;
      --dry-run) dry_run=yes ;;
      --uninstall) remove=yes ;;
      -h | --help) usage; exit 0 ;;
      *) usage >&2; die "there is no option '$1'" ;;
    esac
    shift
  done
  case "$runtime" in ferry | iotedge | none) ;; *) die "--runtime is ferry, iotedge or none" ;; esac
  [ -n "$dry_run$root" ] || [ "$(id -u)" -eq 0 ] || die "this needs root: pipe it to 'sudo sh'"

  target=${root%/}$prefix/bin/$program
  if [ -n "$remove" ]; then
    set -- --data "$data"
    [ -z "$docker" ] || set -- "$@" --docker "$docker"
    uninstall "$@"
    return 0
  fi

  work=$(mktemp -d "${TMPDIR:-/tmp}/ferry-install.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  trap 'exit 130' INT TERM
  ca=$work/ca.pem
  server_ca | sed '/^$/d' >"$ca"
  install_program
  set -- --data "$data"
  [ -z "$docker" ] || set -- "$@" --docker "$docker"
  [ "$runtime" = none ] || set -- "$@" --runtime "$runtime"
  [ -z "$token_file" ] || set -- "$@" --token-file "$token_file"
  [ -z "$name" ] || set -- "$@" --name "$name"
  [ -z "$cloud_ca" ] || set -- "$@" --cloud-ca-file "$cloud_ca"
  [ -z "$key_type" ] || set -- "$@" --key-type "$key_type"
  [ -z "$hardware_id" ] || set -- "$@" --hardware-id "$hardware_id"
  # shellcheck disable=SC2086 # flags without blanks
  register "$@" $rest
}

main "$@"
