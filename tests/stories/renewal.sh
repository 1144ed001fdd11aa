#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The certificate of a running node is replaced, against a real ferryd, Drydock and Docker engine: the hub sees
# another certificate, the modules notice nothing, the old certificate is no good any more. Then power is lost at
# every step that a renewal takes on the disk.
#   tests/stories/renewal.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
. "$lib/dockerd.sh"
. "$lib/ferry.sh"
leaf_changed() { [ "$(leaf_of "$1")" != "$2" ]; }
module_runs() { [ "$(module pump-7 "$1" runtimeStatus)" = running ]; }
connected() { [ "$(ferry status pump-7 --output json | jq -r .connected)" = true ]; }
container() { docker inspect --format '{{.Id}} {{.State.StartedAt}} {{.RestartCount}}' "$(container_of sampler)"; }
# ask CERTIFICATE KEY: what Ferry says to who presents it; prints the status.
ask() { curl -sS --cacert "$data/ferryd/ca.pem" --cert "$1" --key "$2" -o "$work/asked" -w '%{http_code}' -X POST -d '{}' $url/registration/status; }
identity_files() { jq -r .chain "$1/registration.json" >"$work/$2.pem" && (umask 077; cp "$1/device.key.pem" "$work/$2.key"); }
register() { ferry node create "$1" --group line-1 --output json | jq -r .token |
  ferry-agent register --server $url --ca-file "$data/ferryd/ca.pem" --cloud-ca-file "$cloud_ca" --token-file - --data "$2"; }

start_dockerd "$work/d" || { not_ok "a private Docker engine starts"; finish; }
ferry_up
cloud_ca=$(of_cloud caFile)
must "a workspace, a group and a component are there" bash -c "ferry workspace create plant-a --location westeurope &&
  ferry group create line-1 && ferry component publish '$root/examples/components/sampler'"
must "a node registers" register pump-7 "$work/agent"
agent_run "$work/agent"
must "a component is deployed" ferry deploy sampler --group line-1
must "it runs" eventually 90 module_runs sampler

# 1. The running agent renews.
old=$(leaf_of "$work/agent")
identity_files "$work/agent" old
before=$(container)
check "Ferry knows the certificate" test "$(ask "$work/old.pem" "$work/old.key")" = 200
kill -HUP "$agent_pid"
check "the agent gets another certificate" eventually 60 leaf_changed "$work/agent" "$old"
check "for another key" bash -c "! cmp -s '$work/old.key' '$work/agent/device.key.pem'"
check "nothing is left of the change" bash -c "! ls '$work/agent' | grep -q next"
check "the container is the same one, and was never stopped" test "$(container)" = "$before"
identity_files "$work/agent" new
check "Ferry takes the new one" test "$(ask "$work/new.pem" "$work/new.key")" = 200
old_is_refused() { [ "$(ask "$work/old.pem" "$work/old.key")" != 200 ]; }
check "and the old one no more" eventually 10 old_is_refused
check "the node is connected" eventually 60 connected
check "and follows its deployment" ferry deploy sampler --group line-1
check "a second renewal follows the first" bash -c "kill -HUP $agent_pid"
check "with a third certificate" eventually 60 leaf_changed "$work/agent" "$(openssl x509 -in "$work/new.pem" -noout -fingerprint -sha256 | tr -d ':' | cut -d= -f2)"
check "the container is still the same one" test "$(container)" = "$before"
check "ferry logs still reach the device" eventually 30 bash -c "ferry logs pump-7 sampler | grep -q load"
echo "# resident memory of the agent: $(awk '/VmRSS/ {printf "%.1f MB", $2 / 1024}' "/proc/$agent_pid/status")"

# 2. Power is lost at every fourth step of a renewal (tests/agent/power_cut_test.cpp does it at each).
renew() { "$bin/conformance/power_cut_agent" renew "$@" --data "$work/cut"; }
lost_power_everywhere() {
  local loses=$1 first=$2 at code
  rm -rf "$work/cut"
  register "cut-$loses" "$work/cut" >/dev/null 2>&1 || return 1
  for at in $(seq "$first" 4 200); do
    if [ "$loses" = lost ]; then FERRY_CUT_AT=$at FERRY_CUT_LOSES=1 renew --now >"$work/cut.log" 2>&1
    else FERRY_CUT_AT=$at renew --now >"$work/cut.log" 2>&1; fi
    code=$?
    [ $code -eq 0 ] && { echo "complete at step $at"; return 0; }
    [ $code -eq 137 ] || { echo "step $at: exit code $code"; cat "$work/cut.log"; return 1; }
    renew >"$work/cut.log" 2>&1 || { echo "after step $at:"; cat "$work/cut.log"; return 1; }
    compgen -G "$work/cut/next.*" >/dev/null && { echo "after step $at: a candidate is left"; return 1; }
    identity_files "$work/cut" cut
    [ "$(ask "$work/cut.pem" "$work/cut.key")" = 200 ] || { echo "after step $at: $(cat "$work/asked")"; return 1; }
  done
}
for loses in kept lost; do
  if output=$(lost_power_everywhere "$loses" "$([ "$loses" = kept ] && echo 1 || echo 3)"); then
    ok "a renewal goes on from where power was lost; what was not synced is $loses ($output)"
  else
    not_ok "a renewal goes on from where power was lost; what was not synced is $loses" "$output"
  fi
done
finish
