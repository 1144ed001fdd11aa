#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# From nothing to a container running on a node, with all four programs and a real Docker engine; then
# what must survive: a killed container, a killed control plane, a killed cloud; and bad input at each step.
#   tests/stories/first_container.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
. "$lib/dockerd.sh"
. "$lib/ferry.sh"

start_agent() { agent_run "$work/agent" --environment-ca "$(of_cloud caFile)"; }
module_runs() { [ "$(module pump-7 "$1" runtimeStatus)" = running ] && [ -z "${2:-}" -o "$(module pump-7 "$1" version)" = "${2:-}" ]; }

start_dockerd "$work/d" || { not_ok "a private Docker engine starts"; finish; }
ok "a private Docker engine starts"

# 1. ferry up
ferry_up
check "profile.json is for its owner alone" test "$(stat -c %a "$data/profile.json")" = 600
check "profile.json has its four keys" jq -e '.url and .token and .caFile and .drydockEnvironment' "$data/profile.json"
check "environment.json is for its owner alone" test "$(stat -c %a "$data/drydock/environment.json")" = 600
refuses "a second ferry up on the same data is refused" "$data" ferry up --data "$data" --port 17444

# 2. workspace
refuses "an unknown workspace gets a clear error" "nowhere" ferry group create line-1 --workspace nowhere
must "the workspace is provisioned" ferry workspace create plant-a --location westeurope
resources=$(ferry workspace show plant-a --output json)
for type in Microsoft.Devices/IotHubs Microsoft.Devices/provisioningServices \
  Microsoft.Storage/storageAccounts Microsoft.ContainerRegistry/registries; do
  check_contains "the workspace lists its $type" "$resources" "$type"
done
refuses "a workspace name is taken once" "plant-a" ferry workspace create plant-a --location westeurope

# 3. node group
must "the node group is created" ferry group create line-1
check_contains "the group has its configuration" "$(ferry group show line-1 --output json)" '"configuration"'
refuses "a node needs a group that exists" "line-9" ferry node create pump-7 --group line-9

# 4. components
mkdir -p "$work/empty"
refuses "a directory without manifest is refused" "component.json" ferry component publish "$work/empty"
check "the busybox root file system is made" "$root/examples/base-images/busybox.sh" "$work/busybox.tar"
cp -r "$root/examples/components/sampler" "$root/examples/components/heartbeat" "$work/"
refuses "a component whose base is missing is refused" "base/busybox" ferry component publish "$work/heartbeat"
check "the base image is imported" ferry image import "$work/busybox.tar" base/busybox:1.35
must "a C++ component on scratch is published" ferry component publish "$work/sampler"
must "a shell component on busybox is published" ferry component publish "$work/heartbeat"
refuses "a published version never changes" "1.0.0" ferry component publish "$work/sampler"

# 5. node
node=$(ferry node create pump-7 --group line-1 --output json)
check "node create prints id, registrationId, token, expiresAt" \
  jq -e '.id and .registrationId and .token and .expiresAt' <<<"$node"
token=$(jq -r .token <<<"$node")
register() { FERRY_NODE_TOKEN=$1 ferry-agent register --server $url --ca-file "$data/ferryd/ca.pem" --data "$2"; }
refuses "a wrong token is refused" "token" register wrong-token "$work/stranger"
must "the agent registers with its one-time token" register "$token" "$work/agent"
refuses "the token is good once" "token" register "$token" "$work/thief"
check "the device's key is for its owner alone" \
  test -z "$(find "$work/agent" -name '*key*' -type f ! -perm 600)"
start_agent

# 6. deployment
refuses "an unknown component cannot be deployed" "nothing" ferry deploy nothing --group line-1
must "both components are deployed" ferry deploy sampler heartbeat --group line-1
check "sampler runs, as the twin reports" eventually 90 module_runs sampler 1.0.0
check "heartbeat runs, as the twin reports" eventually 60 module_runs heartbeat
check "two containers run in the Docker engine" test "$(docker ps -q | wc -l)" = 2
check_contains "ferry status names node, module and version" "$(ferry status)" sampler
sampler_prints() { ferry logs pump-7 sampler | grep -q load; }
check "ferry logs shows the sampler's own measurements" eventually 20 sampler_prints
refuses "removing a component needs consent" "heartbeat" ferry deploy sampler --group line-1

# A killed container comes back.
victim=$(container_of sampler)
docker kill "$victim" >/dev/null
back() { local now; now=$(container_of sampler) && [ -n "$now" ]; }
check "a killed container comes back" eventually 60 back

# 7. a new version replaces one container only
heartbeat_before=$(container_of heartbeat)
sampler_before=$(container_of sampler)
jq '.version="1.0.1"' "$work/sampler/component.json" >"$work/sampler/new.json" && mv "$work/sampler/new.json" "$work/sampler/component.json"
check "a new version is published" ferry component publish "$work/sampler"
check "the new version is deployed" ferry deploy sampler@1.0.1 heartbeat --group line-1
check "the new version runs" eventually 90 module_runs sampler 1.0.1
check "its container was replaced" test "$(container_of sampler)" != "$sampler_before"
check "the other container was left alone" test "$(container_of heartbeat)" = "$heartbeat_before"

# What survives.
kill_program() { pkill -9 -P "$up_pid" -x "$1"; }
kill_program drydock
sleep 1
check "containers keep running without the cloud" test "$(container_of heartbeat)" = "$heartbeat_before"
reconnected() { [ "$(ferry status pump-7 --output json | jq -r .connected)" = true ]; }
check "after kill -9 of Drydock it is restarted and the agent reconnects" eventually 90 reconnected
kill_program ferryd
check "after kill -9 of ferryd it is restarted with everything there" eventually 30 ferry workspace show plant-a
check "the status is the same as before" eventually 30 module_runs sampler 1.0.1

stop "$agent_pid" -KILL
check "containers keep running without the agent" test "$(container_of heartbeat)" = "$heartbeat_before"
start_agent
check "the agent goes on with what it finds" eventually 60 reconnected
check "without touching a container" test "$(container_of heartbeat)" = "$heartbeat_before"

stop "$up_pid"
check "ferry up leaves no process behind" test -z "$(pgrep -f -- "--data $data")"
token_before=$(jq -r .token "$data/profile.json")
ferry_up # again, on the same data
check "with the same API token" test "$(jq -r .token "$data/profile.json")" = "$token_before"
check "and the agent reconnects" eventually 90 reconnected

# Removal, with consent, and the end.
check "a component is removed with consent" ferry deploy sampler@1.0.1 --group line-1 --allow-removals
gone() { [ -z "$(container_of heartbeat)" ]; }
check "its container goes" eventually 60 gone
back=$(ferry deployment rollback default --plan --output json)
check "a rollback is planned from the history" test "$(jq -r '.groups[0].added[0].component' <<<"$back")" = heartbeat
check "the plan knows the node's platform" test "$(jq -r '.groups[0].pulls[0].platform' <<<"$back")" = "linux/$(dpkg --print-architecture)"
check "and is applied as it was shown" ferry plan apply "$(jq -r .id <<<"$back")"
there() { [ -n "$(container_of heartbeat)" ]; }
check "the component's container is there again" eventually 60 there
refuses "a plan is applied once" "applied already" ferry plan apply "$(jq -r .id <<<"$back")"
stale=$(ferry deploy sampler@1.0.1 --group line-1 --plan --output json | jq -r .id)
heartbeat_before=$(container_of heartbeat)
check "another edit comes in between" ferry deploy sampler@1.0.0 heartbeat --group line-1
check "which replaces the other component" eventually 60 module_runs sampler 1.0.0
check "and leaves this one alone" test "$(container_of heartbeat)" = "$heartbeat_before"
refuses "a plan is refused when the world has moved" "the world has moved" ferry plan apply "$stale" --allow-removals
check "the node is deleted" ferry node delete pump-7
for secret in "$token" "$token_before" "$(of_cloud clientSecret)"; do
  check "no log holds a secret" bash -c "! grep -rqF -- '$secret' '$data/logs' '$work'/*.log"
done
finish
