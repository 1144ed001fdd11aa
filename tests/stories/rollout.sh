#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A good version comes to two devices in two waves; a version that crashes is taken back from the first;
# and a device that the cloud cannot reach goes back by itself.
#   tests/stories/rollout.sh BIN
set -uo pipefail
port=17643
. "$(dirname "$0")/../lib/tap.sh"
. "$(dirname "$0")/../lib/dockerd.sh"
. "$(dirname "$0")/../lib/ferry.sh"

start_dockerd "$work/d" || { not_ok "a private Docker engine starts"; finish; }
ok "a private Docker engine starts"
ferry_up
must "the workspace is provisioned" ferry workspace create plant-a --location westeurope
must "the node group is created" ferry group create line-1
"$root/examples/base-images/busybox.sh" "$work/busybox.tar" >/dev/null 2>&1
must "the base image is imported" ferry image import "$work/busybox.tar" base/busybox:1.35

# publish VERSION [bad]: a heartbeat, or one that dies at once.
publish() {
  local dir=$work/heartbeat-$1
  cp -r "$root/examples/components/heartbeat" "$dir"
  jq --arg v "$1" '.version=$v' "$root/examples/components/heartbeat/component.json" >"$dir/component.json"
  [ "${2:-}" = bad ] && printf '#!/bin/sh\nexit 3\n' >"$dir/heartbeat.sh"
  ferry component publish "$dir"
}
must "a good version is published" publish 1.0.0
must "a better one" publish 1.1.0
must "and one that crashes" publish 2.0.0 bad

# Two devices; what has run for three seconds is what they go back to.
for node in pump-7 pump-9; do
  token=$(ferry node create "$node" --group line-1 --output json | jq -r .token)
  FERRY_NODE_TOKEN=$token must "$node registers" ferry-agent register --server "$url" --ca-file "$data/ferryd/ca.pem" --data "$work/$node"
  agent_run "$work/$node" --environment-ca "$(jq -r .caFile "$data/drydock/environment.json")" --proven-after 3 --network "net-$node"
done
runs() { # NODE VERSION
  [ "$(ferry status "$1" --output json | jq -r '.modules[] | select(.name=="heartbeat") | .version+" "+.runtimeStatus')" = "$2 running" ]
}
both_run() { runs pump-7 "$1" && runs pump-9 "$1"; }
rollout_state() { ferry rollout show "$1" --output json | jq -r .state; }
must "the first version is deployed" ferry deploy heartbeat@1.0.0 --group line-1
must "and runs on both" eventually 60 both_run 1.0.0

# 1. A good version in two waves.
plan=$(ferry deploy heartbeat@1.1.0 --group line-1 --plan --output json | jq -r .id)
if output=$(ferry plan apply "$plan" --canary pump-7 --waves 100% --soak 2s --output json 2>"$work/watch.log"); then
  ok "a plan is rolled out in waves"
else
  not_ok "a plan is rolled out in waves" "$(cat "$work/watch.log")"
fi
rollout=$(jq -r .id <<<"$output")
check "and is done" test "$(rollout_state "$rollout")" = done
check "it had two waves, the canary first" test "$(jq -r '[.waves[].name]|join(" ")' <<<"$output")" = "pump-7 100%"
check "both nodes run it" both_run 1.1.0
events=$(ferry rollout show "$rollout")
check_contains "its history tells of the soak" "$events" "wave 1 of 2 (pump-7) is good; it soaks for 2s"
check_contains "and of the second wave" "$events" "wave 2 of 2 (100%) begins"
check "the deployment has its second revision" test "$(ferry deployment show default --output json | jq .revision)" = 2

# 2. One that crashes goes back by itself, and the second node never sees it.
before=$(docker ps -q --no-trunc --filter label=io.ferry.agent.module=heartbeat | sort)
ferry deploy heartbeat@2.0.0 --group line-1 --canary pump-7 --soak 1h --output json >"$work/bad.json" 2>"$work/bad.log"
check "a version that crashes is refused by the canary: exit code 7" test $? = 7
bad=$(ferry rollout list --output json | jq -r '.value[0].id')
check "its rollout has returned" test "$(rollout_state "$bad")" = returned
check_contains "with the reason" "$(ferry rollout show "$bad")" "pump-7 is"
check "the canary runs the good version again" eventually 60 runs pump-7 1.1.0
check "the deployment is as it was" test "$(ferry deployment show default --output json | jq .revision)" = 2
kept=$(comm -12 <(echo "$before") <(docker ps -q --no-trunc --filter label=io.ferry.agent.module=heartbeat | sort) | wc -l)
check "the other node's container was never touched" test "$kept" = 1

# 3. To everybody at once, and then the cloud goes away: the devices help themselves.
ferry deploy heartbeat@2.0.0 --group line-1 >/dev/null 2>&1
crashing() { docker ps -a --filter label=io.ferry.agent.module=heartbeat --format '{{.Status}}' | grep -q 'Exited (3)'; }
must "without a rollout the crashing version reaches the devices" eventually 60 crashing
pkill -STOP -P "$up_pid" -x drydock
fine() { [ "$(docker ps -q --filter label=io.ferry.agent.module=heartbeat | wc -l)" = 2 ] && [ -s "$work/pump-7/fallen.json" ] && [ -s "$work/pump-9/fallen.json" ]; }
check "while the cloud is away they go back by themselves" eventually 90 fine
pkill -CONT -P "$up_pid" -x drydock
says() { ferry status pump-9 --output json | jq -r .desiredStatus.description | grep -q "went back to the composition before: heartbeat 2.0.0"; }
check "and say so when it is there again" eventually 90 says
check "a newer composition is taken" ferry deploy heartbeat@1.0.0 --group line-1
check "and runs on both" eventually 60 both_run 1.0.0
finish
