#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What people change in the cloud by hand is found, named and mended; what they have added stays. And a
# workspace as a Bicep template.
#   tests/stories/drift.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
port=26443
. "$lib/ferry.sh"

cloud_curl() { curl -sS --fail-with-body --cacert "$(of_cloud caFile)" "$@"; }
sign_in() {
  { printf 'grant_type=client_credentials&client_id=%s&scope=https%%3A%%2F%%2Fmanagement.azure.com%%2F.default&client_secret=' "$(of_cloud clientId)"
    jq -rj '.clientSecret | @uri' "$data/drydock/environment.json"; } >"$work/form"
  printf 'Authorization: Bearer %s\n' "$(cloud_curl --data @"$work/form" \
    "$(of_cloud activeDirectory)/$(of_cloud tenantId)/oauth2/v2.0/token" | jq -r .access_token)" >"$work/header"
}
# By hand: METHOD AZURE_ID[/action]?api-version=V [JSON]
by_hand() {
  cloud_curl -H @"$work/header" -H 'Content-Type: application/json' -X "$1" ${3:+--data-binary "$3"} "$(of_cloud resourceManager)$2"
}
id_of() { ferry workspace show plant-a --output json | jq -r "[.. | objects | select(.type? == \"$1\") | .azureId][0]"; }
settled() { [ "$(by_hand GET "$1" | jq -r '.properties.provisioningState')" = Succeeded ]; }
found() { ferry workspace verify plant-a --output json 2>/dev/null | jq -r '(.value // .error.details.value)[] | "\(.resource) \(.kind)"'; }

ferry_up
check "a workspace with Event Hubs is provisioned" ferry workspace create plant-a --location westeurope --event-hubs
check "nothing has drifted" test -z "$(found)"
sign_in

hub=$(id_of Microsoft.Devices/IotHubs)
dps=$(id_of Microsoft.Devices/provisioningServices)
storage=$(id_of Microsoft.Storage/storageAccounts)
document=$(by_hand GET "$hub?api-version=2023-06-30" | jq -c '.properties.eventHubEndpoints.events.retentionTimeInDays = 7
  | .properties.routing.routes += [{"name":"ours","source":"DeviceMessages","condition":"true","endpointNames":["events"],"isEnabled":true}]')
check "somebody raises the retention and adds a route" by_hand PUT "$hub?api-version=2023-06-30" "$document"
eventually 20 settled "$hub?api-version=2023-06-30"
check "somebody deletes the consumer group" by_hand DELETE "$hub/eventHubEndpoints/events/ConsumerGroups/ferry?api-version=2023-06-30"
check "somebody regenerates the storage key" by_hand POST "$storage/regenerateKey?api-version=2023-05-01" '{"keyName":"key1"}'
eventually 20 settled "$hub?api-version=2023-06-30"
unlinked=$(by_hand GET "$dps?api-version=2022-12-12" | jq -c '.properties.iotHubs = []')
check "somebody unlinks the hub" by_hand PUT "$dps?api-version=2022-12-12" "$unlinked"
eventually 20 settled "$dps?api-version=2022-12-12"

drift=$(found)
for expected in "iot-hub changed" "iot-hub-consumer-group missing" "storage-account key-changed" "provisioning-service unlinked"; do
  check_contains "verify finds: $expected" "$drift" "$expected"
done
check "and nothing else" test "$(wc -l <<<"$drift")" -eq 4
check_contains "the workspace shows it" "$(ferry workspace show plant-a)" "retentionTimeInDays is 7, not 1"
check "repair mends it" ferry workspace repair plant-a
check "nothing has drifted any more" test -z "$(found)"
check "the retention is as before" test "$(by_hand GET "$hub?api-version=2023-06-30" | jq .properties.eventHubEndpoints.events.retentionTimeInDays)" = 1
check "the route of others stays" test "$(by_hand GET "$hub?api-version=2023-06-30" | jq '[.properties.routing.routes[] | select(.name == "ours")] | length')" = 1
check "the hub is linked again" test "$(by_hand GET "$dps?api-version=2022-12-12" | jq '.properties.iotHubs | length')" = 1
check "and Ferry works with the new key" ferry group create line-1

check "the workspace is exported as Bicep" bash -c "ferry workspace export plant-a >'$work/plant-a.bicep'"
modules=$("$root/tests/conformance/npm_install.sh")/node_modules
resources=$(node "$root/tests/conformance/bicep_syntax.mjs" "$modules" "$work/plant-a.bicep" 2>"$work/bicep.log")
check "a parser for Bicep takes it" test $? -eq 0
check "with every resource but the group and the routing, which is a part of the hub" test "$resources" -eq \
  "$(($(ferry workspace show plant-a --output json | jq '[.. | objects | select(has("azureId"))] | length') - 2))"
secret_values=$(by_hand POST "$storage/listKeys?api-version=2023-05-01" | jq -r '.keys[].value')
check "without a key in it" bash -c "! grep -qFf <(printf '%s\n' '$secret_values') '$work/plant-a.bicep'"
finish
