#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's Event Hubs SDK, unmodified, and qpid-proton's Python client against Drydock's Event Hubs: over AMQP
# and over AMQP in WebSockets, and what is left after kill -9.
#   event_hubs_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: event_hubs_sdk.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.21 || { not_ok "drydock starts"; finish; }
group=resourceGroups/conformance
space=$group/providers/Microsoft.EventHub/namespaces/conformance-space
version=api-version=2024-01-01

# keys_of RESOURCE FILE: the connection string of an authorization rule, into a file.
keys_of() {
  arm POST "$1/listKeys?$version" | jq -rj .primaryConnectionString >"$drydock_dir/$2"
}
make_resources() {
  arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
    arm PUT "$space?$version" '{"location":"westeurope","sku":{"name":"Standard"}}' >/dev/null &&
    arm PUT "$space/eventhubs/telemetry?$version" \
      '{"properties":{"partitionCount":4,"retentionDescription":{"cleanupPolicy":"Delete","retentionTimeInHours":24}}}' >/dev/null &&
    arm PUT "$space/eventhubs/telemetry/consumergroups/second?$version" '{}' >/dev/null &&
    arm PUT "$space/eventhubs/telemetry/authorizationRules/sender?$version" '{"properties":{"rights":["Send"]}}' >/dev/null &&
    keys_of "$space/authorizationRules/RootManageSharedAccessKey" root-connection &&
    keys_of "$space/eventhubs/telemetry/authorizationRules/sender" sender-connection
}
make_resources || { not_ok "Resource Manager makes a namespace with an event hub"; finish; }
ok "Resource Manager makes a namespace with an event hub"
refresh_names

run_part() {
  CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data CONFORMANCE_WORK=$drydock_dir \
    timeout 120 node "$here/event_hubs_sdk.mjs" "$1" || failed_checks=$((failed_checks + 1))
}
run_part before
kill_drydock
launch_drydock || not_ok "drydock starts again after kill -9" "$(tail -5 "$drydock_dir/log")"
robot=$("$bin/drydock" application list --data "$drydock_dir/data" --output json |
  jq -r --arg client "$(environment clientId)" '.[] | select(.clientId == $client) | .objectId')
data_owner=f526a384-b230-433a-b45c-95f59c4a2dec
check "Resource Manager gives the application a role" arm PUT \
  "$space/eventhubs/telemetry/providers/Microsoft.Authorization/roleAssignments/5d2b1c7e-0000-4000-8000-000000000001?api-version=2022-04-01" \
  "{\"properties\":{\"principalId\":\"$robot\",\"principalType\":\"ServicePrincipal\",\"roleDefinitionId\":\"/subscriptions/$(environment subscriptionId)/providers/Microsoft.Authorization/roleDefinitions/$data_owner\"}}"
run_part after

check "qpid-proton's Python client sends and receives" \
  timeout 60 /usr/bin/python3 "$here/event_hubs_proton.py" "$drydock_dir/root-connection" "$ca"
finish
