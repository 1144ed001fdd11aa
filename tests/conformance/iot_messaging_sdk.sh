#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's SDKs, unmodified, against the messages of Drydock's hubs over AMQP: the built-in endpoint, what routes
# bring there, messages to devices and feedback.
#   iot_messaging_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: iot_messaging_sdk.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.22 || { not_ok "drydock starts"; finish; }
group=resourceGroups/conformance
hub=$group/providers/Microsoft.Devices/IotHubs/messaging-hub
route() { printf '{"name":"%s","source":"%s","condition":"true","endpointNames":["events"],"isEnabled":true}' "$1" "$1"; }
make_resources() {
  arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
    arm PUT "$hub?api-version=2023-06-30" \
      "{\"location\":\"westeurope\",\"sku\":{\"name\":\"S1\",\"capacity\":1},\"properties\":{\"routing\":{\"routes\":[$(
        route TwinChangeEvents),$(route DeviceLifecycleEvents),$(route DeviceConnectionStateEvents)]}}}" >/dev/null &&
    arm PUT "$hub/eventHubEndpoints/events/ConsumerGroups/ferry?api-version=2023-06-30" \
      '{"properties":{"name":"ferry"}}' >/dev/null &&
    arm POST "$hub/listkeys?api-version=2023-06-30" >"$drydock_dir/keys.json" || return 1
  key() { jq -rj --arg name "$1" '.value[] | select(.keyName == $name) | .primaryKey' "$drydock_dir/keys.json"; }
  printf 'HostName=messaging-hub.%s;SharedAccessKeyName=iothubowner;SharedAccessKey=%s' \
    "$(environment suffixes.iotHub)" "$(key iothubowner)" >"$drydock_dir/hub-connection"
  key registryRead >"$drydock_dir/read-key"
}
make_resources || { not_ok "Resource Manager makes a hub with routes and a consumer group"; finish; }
ok "Resource Manager makes a hub with routes and a consumer group"
refresh_names

CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca CONFORMANCE_WORK=$drydock_dir \
  timeout 120 node "$here/iot_messaging_sdk.mjs" || failed_checks=$((failed_checks + 1))
finish
