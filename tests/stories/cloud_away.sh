#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A control plane without a local cloud of its own, connected to one that goes away at bad moments: what
# fails says so and leaves nothing half made; what was begun goes on.
#   tests/stories/cloud_away.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
port=27443
. "$lib/ferry.sh"
cloud_environment=$work/cloud/environment.json
cloud_ports=(--https-port 28443 --mqtt-port 28883)

start_cloud() {
  drydock serve --data "$work/cloud" "${cloud_ports[@]}" --operation-delay "${1:-50}" >>"$work/drydock.log" 2>&1 &
  cloud_pid=$!
  started
  eventually 30 test -s "$cloud_environment"
}
stop_cloud() { stop "$cloud_pid" -KILL; rm -f "$cloud_environment"; }
ferryd_pid() { pgrep -P "$up_pid" -x ferryd; }
connect() { # NAME SECRET
  ferry cloud-account create "$1" --resource-manager "$(of_cloud resourceManager)" --ca-file "$(of_cloud caFile)" \
    --tenant "$(of_cloud tenantId)" --subscription "$(of_cloud subscriptionId)" --client "$(of_cloud clientId)" <<<"$2"
}
version_state() { ferry component show sampler --output json | jq -r '.versions[] | select(.version=="1.0.0") | .state'; }

start_cloud || { not_ok "Drydock alone starts"; finish; }
ok "Drydock alone starts"
ferry_up --no-drydock

# A cloud account.
output=$(connect wrong not-the-secret 2>&1) && not_ok "a wrong client secret is refused" || ok "a wrong client secret is refused"
check_contains "in Entra's own words" "$output" AADSTS7000215
if grep -qF not-the-secret <<<"$output"; then not_ok "without repeating the secret"; else ok "without repeating the secret"; fi
check "and leaves no account behind" test "$(ferry cloud-account list --output json | jq '[.. | .name? | select(. == "wrong")] | length')" = 0
check "the right one connects" connect local "$(of_cloud clientSecret)"

# ferryd is killed in the middle of provisioning.
stop_cloud && start_cloud 1500
ferry workspace create plant-a --location westeurope --cloud-account local >"$work/create.log" 2>&1 &
create_pid=$!
for _ in 1 2 3; do sleep 1.5; kill -9 "$(ferryd_pid)" 2>/dev/null; done
wait "$create_pid"
ready() { [ "$(ferry workspace show plant-a --output json | jq -r '.state // .workspace.state')" = ready ]; }
check "a workspace is provisioned although ferryd was killed three times" eventually 90 ready
count_of() { ferry workspace show plant-a --output json | jq "[.. | .type? | select(. == \"$1\")] | length"; }
check "with one IoT hub" test "$(count_of Microsoft.Devices/IotHubs)" = 1
check "and one registry" test "$(count_of Microsoft.ContainerRegistry/registries)" = 1
check "and a node group follows" ferry group create line-1

# The registry is away while a component is published.
cp -r "$root/examples/components/sampler" "$work/sampler"
make -sC "$work/sampler" >/dev/null 2>&1
stop_cloud
if output=$(timeout 180 ferry component publish "$work/sampler" 2>&1); then
  not_ok "publishing without a cloud fails" "$output"
else
  ok "publishing without a cloud fails"
fi
check_contains "and names what could not be reached" "$output" drydock.localhost
state=$(version_state)
if [ "$state" = published ]; then not_ok "nothing is published by halves"; else ok "nothing is published by halves"; fi
start_cloud
check "the same command succeeds when the cloud is back" ferry component publish "$work/sampler"
check "and the version is published" test "$(version_state)" = published

# Everything goes.
check "the group is deleted" ferry group delete line-1
check "the workspace is deleted" ferry workspace delete plant-a --yes
check "and its cloud resources are gone" test "$(ferry workspace list --output json | jq '[.. | .name? | select(. == "plant-a")] | length')" = 0
finish
