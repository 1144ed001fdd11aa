# SPDX-License-Identifier: Apache-2.0
# A Drydock of its own for a test script, on an address of its own, with names that every program finds.
# Needs tap.sh, curl and jq.
#   private_names "$@"              first thing in a script: runs it again where /etc/hosts is its own
#   start_drydock BIN ADDRESS       sets drydock_dir, drydock_pid, ca; environment NAME reads environment.json
#                                   the array drydock_options adds to its command line
#   refresh_names                   after resources were made or deleted
#   arm METHOD PATH?api-version=V [JSON]   one call to Resource Manager, waits for long operations
#   kill_drydock, launch_drydock    a crash, and the start after it
#   stop_drydock                    also called when the script ends

private_names() {
  [ "${DRYDOCK_PRIVATE_NAMES:-}" = "$$" ] && return 0
  if [ "$(id -u)" -ne 0 ]; then
    not_ok "$(basename "$0") needs root: for ports below 1024 and names of its own"
    finish
  fi
  # exec keeps the process id, so the mark does not leak into other scripts.
  exec env DRYDOCK_PRIVATE_NAMES=$$ unshare --mount --propagation private bash "$0" "$@"
}

start_drydock() {
  local bin=$1
  drydock_address=$2
  drydock_dir=$(mktemp -d /tmp/drydock-XXXXXX)
  trap stop_drydock EXIT
  cp /etc/hosts "$drydock_dir/hosts"
  mount --bind "$drydock_dir/hosts" /etc/hosts
  drydock_bin=$bin/drydock
  export FERRY_LOCALHOST_ADDRESS=$drydock_address
  launch_drydock || return 1
  ca=$(environment caFile)
  refresh_names
}

# Also after a kill, on the same data.
launch_drydock() {
  rm -f "$drydock_dir/data/environment.json"
  "$drydock_bin" serve --data "$drydock_dir/data" --address "$drydock_address" --operation-delay 20 \
    ${drydock_options[@]+"${drydock_options[@]}"} >>"$drydock_dir/log" 2>&1 &
  drydock_pid=$!
  if ! eventually 30 test -s "$drydock_dir/data/environment.json"; then
    echo "drydock did not start; its log ends with:" >&2
    tail -5 "$drydock_dir/log" >&2
    return 1
  fi
}

# Without any chance to put things in order.
kill_drydock() {
  { kill -9 "$drydock_pid" && wait "$drydock_pid"; } 2>/dev/null
}

stop_drydock() {
  [ -n "${drydock_pid:-}" ] && kill "$drydock_pid" 2>/dev/null && wait "$drydock_pid" 2>/dev/null
  unset drydock_pid
  umount /etc/hosts 2>/dev/null || true
  rm -rf "${drydock_dir:?}"
}

environment() { jq -r ".$1" "$drydock_dir/data/environment.json"; }

# In place: the bind mount follows the file, not its name.
refresh_names() {
  { echo "127.0.0.1 localhost"; "$drydock_bin" hosts --data "$drydock_dir/data" --address "$drydock_address"; } \
    >"$drydock_dir/hosts"
}

# curl takes every *.localhost for 127.0.0.1 without asking anybody.
drydock_curl() { curl -sS --fail-with-body --cacert "$ca" --connect-to "::$drydock_address:" "$@"; }

# Tokens and secrets go by files, never by argv.
arm_token() {
  [ -s "$drydock_dir/arm.header" ] && return 0
  {
    printf 'grant_type=client_credentials&client_id=%s&client_secret=' "$(environment clientId)"
    jq -rj '.clientSecret | @uri' "$drydock_dir/data/environment.json"
    printf '&scope=https%%3A%%2F%%2Fmanagement.azure.com%%2F.default'
  } >"$drydock_dir/token.form"
  drydock_curl --data @"$drydock_dir/token.form" \
    "$(environment activeDirectory)/$(environment tenantId)/oauth2/v2.0/token" >"$drydock_dir/token.json" || return 1
  printf 'Authorization: Bearer %s\n' "$(jq -r .access_token "$drydock_dir/token.json")" >"$drydock_dir/arm.header"
}

arm_call() {
  drydock_curl --header @"$drydock_dir/arm.header" --header 'Content-Type: application/json' \
    --request "$1" "${@:2}"
}

arm() {
  local method=$1 url answer state
  arm_token || return 1
  url="$(environment resourceManager)/subscriptions/$(environment subscriptionId)/$2"
  if [ $# -ge 3 ]; then
    answer=$(arm_call "$method" --data-binary @- "$url" <<<"$3")
  elif [ "$method" = POST ]; then
    answer=$(arm_call POST --data '' "$url")
  else
    answer=$(arm_call "$method" "$url")
  fi || { echo "$answer" >&2; return 1; }
  if [ "$method" = PUT ]; then
    local deadline=$((SECONDS + 30))
    until state=$(jq -r '.properties.provisioningState // .properties.state // "Succeeded"' <<<"$answer"); \
          [[ $state == Succeeded || $state == Active ]]; do
      [[ $state == Failed || $SECONDS -ge $deadline ]] && { echo "$answer" >&2; return 1; }
      sleep 0.1
      answer=$(arm_call GET "$url") || return 1
    done
  fi
  printf '%s\n' "$answer"
}
