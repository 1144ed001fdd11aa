# SPDX-License-Identifier: Apache-2.0
# For test scripts: one line per check in the Test Anything Protocol's shape.
#   ok NAME; not_ok NAME [DETAIL]; check NAME COMMAND...; finish
failed_checks=0

ok() { echo "ok - $1"; }

not_ok() {
  echo "not ok - $1"
  [ -n "${2:-}" ] && sed 's/^/#   /' <<<"$2"
  failed_checks=$((failed_checks + 1))
}

# Runs a command; its output is shown only when it fails.
check() {
  local name=$1 output
  shift
  if output=$("$@" 2>&1); then ok "$name"; else not_ok "$name" "$output"; fi
}

# check_contains NAME TEXT PATTERN: a fixed string that must be in the text.
check_contains() {
  if grep -qF -- "$3" <<<"$2"; then ok "$1"; else not_ok "$1" "looked for: $3"$'\n'"in: $2"; fi
}

# eventually SECONDS COMMAND...: repeats until it succeeds.
eventually() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -ge $deadline ] && return 1
    sleep 0.2
  done
}

finish() { exit $((failed_checks > 0)); }
