#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A workspace in resources that Debian's az made: `ferry` plans, adopts, uses and leaves them, and az sees what is there
# before, meanwhile and afterwards.
#   adopt.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/az.sh"
bin=${1:?usage: adopt.sh BIN}
private_names "$@"
bin=$(cd "$bin" && pwd)
export PATH=$bin:$PATH

start_drydock "$bin" 127.0.84.13 || { not_ok "drydock starts"; finish; }
data=$drydock_dir/ferry
export FERRY_PROFILE=$data/profile.json
ferry up --data "$data" --port 29443 --no-drydock >"$drydock_dir/up.log" 2>&1 &
up_pid=$!
trap 'kill "$up_pid" 2>/dev/null && wait "$up_pid" 2>/dev/null; stop_drydock' EXIT
check "ferryd starts" eventually 30 ferry cloud-account list
check "the subscription is connected" ferry cloud-account create shared --resource-manager "$(environment resourceManager)" \
  --ca-file "$ca" --tenant "$(environment tenantId)" --subscription "$(environment subscriptionId)" \
  --credential client-secret --client "$(environment clientId)" < <(environment clientSecret)

start_az
check "az knows the cloud" az_cloud
az_login
group=shared
check "az makes a group" az group create -n $group -l westeurope
check "az makes a hub" az iot hub create -n our-hub -g $group -l westeurope --sku S1 --unit 2
check "az makes a provisioning service" az iot dps create -n our-dps -g $group -l westeurope
check "az makes a storage account of old" az storage account create -n ourstorage -g $group -l westeurope \
  --sku Standard_LRS --kind StorageV2 --min-tls-version TLS1_0
check "az makes a registry" az acr create -n ourregistry -g $group --sku Standard
refresh_names
hub=$(az iot hub show -n our-hub | jq -r .id)
dps=$(az iot dps show -n our-dps -g $group | jq -r .id)
storage=$(az storage account show -n ourstorage -g $group | jq -r .id)
registry=$(az acr show -n ourregistry | jq -r .id)
adopting=(--adopt-hub "$hub" --adopt-dps "$dps" --adopt-storage "$storage" --adopt-registry "$registry")

# What az sees of them, without what moves by itself.
seen() {
  {
    az iot hub show -n our-hub
    az iot dps show -n our-dps -g $group
    az storage account show -n ourstorage -g $group
    az acr show -n ourregistry
    az iot hub consumer-group list --hub-name our-hub
    az iot dps certificate list --dps-name our-dps -g $group
    az acr token list -r ourregistry
    az acr scope-map list -r ourregistry
  } | jq -S 'walk(if type == "object" then del(.etag, .lastUpdated, .systemData, .updated) else . end)'
}
before=$(seen)

plan=$(ferry workspace create plant-a --location westeurope "${adopting[@]}" --plan --output json)
check "the plan adopts four and adds to them" jq -e '[.resources[].action] | (map(select(. == "adopt")) | length == 4)
  and (map(select(. == "create")) | length == 0) and (map(select(. == "add")) | length == 6)' <<<"$plan"
check "the plan tells of the old TLS" jq -e '.findings | map(.code) | index("adopt_tls")' <<<"$plan"
check "the plan changed nothing" test "$(seen)" = "$before"
check "a hub for a registry is refused" bash -c \
  "! ferry workspace create plant-x --location westeurope --adopt-registry '$hub' 2>'$drydock_dir/refused'"
check_contains "with the reason" "$(cat "$drydock_dir/refused")" "is of type Microsoft.Devices/IotHubs"

check "the workspace is made in them" ferry workspace create plant-a --location westeurope "${adopting[@]}"
refresh_names
shown=$(ferry workspace show plant-a --output json)
check "they are shown as adopted" jq -e '[.resources[] | select(.origin == "adopted")] | length == 4' <<<"$shown"
check "the tier of the hub counts" jq -e '.units == 2 and .limits.messagesPerDay == 800000' <<<"$shown"
check "az sees the link" jq -e 'length == 1' <<<"$(az iot dps linked-hub list --dps-name our-dps -g $group)"
check "az sees a consumer group of Ferry's own" jq -e 'map(.name) | any(startswith("ferry-"))' \
  <<<"$(az iot hub consumer-group list --hub-name our-hub)"
check "a group is made in them" ferry group create line-1
check "az sees its pull token" jq -e 'length == 2' <<<"$(az acr token list -r ourregistry)"
check "nothing has drifted" ferry workspace verify plant-a
az iot dps linked-hub delete --dps-name our-dps -g $group --linked-hub "our-hub.$(environment suffixes.iotHub)" >/dev/null
check "a link that az took away is missed" bash -c '! ferry workspace verify plant-a'
check "and made again" ferry workspace repair plant-a
ferry workspace export plant-a >"$drydock_dir/plant-a.bicep"
check "Bicep refers to what exists" test "$(grep -c ' existing = {' "$drydock_dir/plant-a.bicep")" -eq 4

check "the workspace goes" ferry workspace delete plant-a --yes
check "and az sees everything as it was" test "$(seen)" = "$before"
[ "$failed_checks" -gt 0 ] && { diff <(printf '%s\n' "$before") <(seen) | head -20; tail -5 "$drydock_dir/up.log"; } | sed 's/^/#   /'
stop_az
finish
