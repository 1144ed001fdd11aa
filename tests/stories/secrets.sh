#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Secrets that are known to the test go through Ferry, right and wrong ways, and must not be found in clear
# afterwards: not in logs, output, errors, recordings and process lists, not in the databases of the control plane.
#   tests/stories/secrets.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
port=37443
. "$lib/ferry.sh"
cloud_environment=$work/cloud/environment.json
export FERRY_RECORD=${FERRY_RECORD:-$work/recordings}
mkdir -p "$work/planted"

# plant NAME: remembers what comes on standard input as a secret that must not be found.
plant() { tr -d '\n' >"$work/planted/$1"; }
said() { "$@" >>"$work/output.log" 2>&1; }

# What anybody on the machine can read of the processes of this test, and the environment of those that stay.
watch_processes() {
  local pid
  while sleep 0.1; do
    for pid in $(pgrep -s 0 -x 'ferry|ferryd|ferry-agent|drydock'); do
      { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null
      case "$(cat "/proc/$pid/comm" 2>/dev/null)" in
        ferryd | drydock) { tr '\0' ' ' <"/proc/$pid/environ"; } 2>/dev/null ;;
      esac
    done >>"$work/processes"
  done
}

drydock serve --data "$work/cloud" --https-port 38443 --mqtt-port 38883 --operation-delay 20 >>"$work/drydock.log" 2>&1 &
started
eventually 30 test -s "$cloud_environment" || { not_ok "the local cloud starts"; finish; }
ferry_up --no-drydock
watch_processes &
watcher_pid=$!
started

# 1. the credential of a cloud account, wrong and right
application=$(drydock application create ferry-provisioner --data "$work/cloud" --output json)
jq -r .clientSecret <<<"$application" | plant client-secret
of_cloud clientSecret | plant owner-secret
jq -r .token "$data/profile.json" | plant api-token
echo "wrong-$(head -c 18 /dev/urandom | base64 | tr '+/' 'ab')" | plant wrong-secret
connect() { # NAME CLIENT < SECRET
  ferry cloud-account create "$1" --resource-manager "$(of_cloud resourceManager)" --ca-file "$(of_cloud caFile)" \
    --tenant "$(of_cloud tenantId)" --subscription "$(of_cloud subscriptionId)" --client "$2"
}
said connect wrong "$(of_cloud clientId)" <"$work/planted/wrong-secret" && not_ok "a wrong secret is refused" || ok "a wrong secret is refused"
check "the right one connects" connect local "$(of_cloud clientId)" <"$work/planted/owner-secret"
said connect other "$(jq -r .clientId <<<"$application")" <"$work/planted/client-secret"
said env FERRY_TOKEN="$(cat "$work/planted/wrong-secret")" ferry workspace list

# 2. everything that comes of it
check "a workspace is made" ferry workspace create plant-a --location westeurope --cloud-account local
check "a node group is made" ferry group create line-1
node=$(ferry node create pump-7 --group line-1 --output json)
jq -r .token <<<"$node" | plant node-token
register() { FERRY_NODE_TOKEN=$(cat "$work/planted/$1") ferry-agent register --server https://127.0.0.1:37443 --ca-file "$data/ferryd/ca.pem" --data "$work/$2"; }
said register wrong-secret stranger && not_ok "a wrong token is refused" || ok "a wrong token is refused"
check "a node registers" register node-token agent
said register node-token thief && not_ok "the token is good once" || ok "the token is good once"
# Without an engine it cannot run anything, but it connects, and says what is missing.
DOCKER_HOST=unix://$work/no-engine.sock agent_run "$work/agent" --environment-ca "$(of_cloud caFile)"
find "$work/agent" -type f -exec grep -l 'PRIVATE KEY' {} + | head -1 | xargs -r sed -n 2p | plant device-key
said ferry status
said ferry node show pump-7

# The keys of the cloud's resources, which Ferry has asked for: the local cloud has them in the clear.
grep -haoE '"(primary|secondary)":"[A-Za-z0-9+/]{43}="|"(primaryKey|secondaryKey|key1|key2|password1?|password2|value)":"[A-Za-z0-9+/=]{40,}"' \
  "$work"/cloud/arm.db* | sed -E 's/.*:"(.*)"/\1/' | sort -u | head -60 >"$work/keys"
number=0
while read -r key; do plant "resource-key-$((++number))" <<<"$key"; done <"$work/keys"
check "keys of resources are known to this test" test "$number" -ge 4
check "the watcher has seen the programs" grep -q 'ferryd serve' "$work/processes"
stop "$watcher_pid"

# 3. the search: as it is, percent-encoded, and in base64
forms_of() {
  cat "$1"; echo
  jq -rRs '@uri' "$1"
  base64 -w0 "$1" | sed 's/=*$//' # at another offset it would look different; this finds whole values
  echo
}
found_in() { # FILE...: names of the secrets that stand in one of the files
  local secret
  for secret in "$work"/planted/*; do
    [ "$(stat -c %s "$secret")" -ge 12 ] || { echo "$(basename "$secret") is too short to be looked for"; continue; }
    grep -qaF -f <(forms_of "$secret" | sort -u) "$@" 2>/dev/null && basename "$secret"
  done
}
clean() { # NAME FILE...
  local name=$1 found
  shift
  [ -s "$1" ] || { not_ok "$name" "there is nothing in $1"; return; }
  found=$(found_in "$@")
  if [ -z "$found" ]; then ok "$name"; else not_ok "$name" "$found"; fi
}
# The search itself must find what is there.
cp "$work/planted/client-secret" "$work/bait"
check "the search finds a secret that lies open" test "$(found_in "$work/bait")" = client-secret
mapfile -t recorded < <(find "$FERRY_RECORD" -name '*.json')
mapfile -t databases < <(find "$data" -name '*.db' -o -name '*.db-wal')
clean "no secret in what the commands said" "$work/output.log"
clean "no secret in the logs of ferryd" "$data"/logs/*.log "$work/up.log"
clean "no secret in the log of the device" "$work/agent.log"
clean "no secret in the log of the local cloud" "$work/drydock.log"
clean "no secret in process lists" "$work/processes"
clean "no secret in ${#recorded[@]} recorded exchanges" "${recorded[@]}"
clean "no secret in the databases of the control plane" "${databases[@]}"
check "and no private key" test -z "$(grep -laE 'BEGIN (EC |RSA )?PRIVATE KEY' "${databases[@]}")"
tokens=$(grep -laE 'eyJ[A-Za-z0-9_-]{20,}\.eyJ[A-Za-z0-9_-]{20,}\.' "${databases[@]}" "${recorded[@]}" "$work"/*.log "$data"/logs/*.log "$work/processes")
check "no token of Entra in databases, logs, recordings and process lists" test -z "$tokens"
check "files with secrets are for their owner alone" test -z "$(grep -rlF -f "$work/planted/api-token" "$data" | xargs -r stat -c '%a %n' | grep -v '^600 ')"
finish
