#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's device and service SDKs, unmodified, against Drydock's Device Provisioning and IoT Hub, with
# a certificate chain that openssl makes.
#   iot_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: iot_sdk.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.3 || { not_ok "drydock starts"; finish; }
group=resourceGroups/conformance
hub=$group/providers/Microsoft.Devices/IotHubs/conformance-hub
dps=$group/providers/Microsoft.Devices/provisioningServices/conformance-dps
hub_host=conformance-hub.$(environment suffixes.iotHub)

make_resources() {
  arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
    arm PUT "$hub?api-version=2023-06-30" \
      '{"location":"westeurope","sku":{"name":"S1","capacity":1},"properties":{}}' >/dev/null &&
    arm POST "$hub/listkeys?api-version=2023-06-30" >"$drydock_dir/hub-keys.json" || return 1
  local connection
  connection="HostName=$hub_host;SharedAccessKeyName=iothubowner;SharedAccessKey=$(
    jq -r '.value[] | select(.keyName == "iothubowner") | .primaryKey' "$drydock_dir/hub-keys.json")"
  printf '%s' "$connection" >"$drydock_dir/hub-connection"
  arm PUT "$dps?api-version=2022-12-12" \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"S1\",\"capacity\":1},\"properties\":{\"iotHubs\":[{\"location\":\"westeurope\",\"connectionString\":\"$connection\"}]}}" \
    >"$drydock_dir/dps.json" &&
    arm POST "$dps/listkeys?api-version=2022-12-12" >"$drydock_dir/dps-keys.json"
}
make_resources || { not_ok "Resource Manager makes a hub and a DPS linked to it"; finish; }
ok "Resource Manager makes a hub and a DPS linked to it"
refresh_names

# authority NAME makes a root; issue NAME ISSUER EXTENSION... makes what it signs; all in $certificates.
certificates=$drydock_dir/certificates
mkdir -p "$certificates"
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=$1" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$certificates/$1.key" -out "$certificates/$1.pem" \
    2>>"$drydock_dir/openssl.log"
}
issue() { # a '+' in NAME stands for '/' in the common name
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "/CN=${1//+/\\/}" \
    -keyout "$certificates/$1.key" -out "$certificates/$1.csr" 2>>"$drydock_dir/openssl.log" &&
    openssl x509 -req -in "$certificates/$1.csr" -CA "$certificates/$2.pem" -CAkey "$certificates/$2.key" \
      -CAcreateserial -days 30 -extfile <(printf '%s\n' "${@:3}") -out "$certificates/$1.pem" 2>>"$drydock_dir/openssl.log"
}
authority root && authority stranger &&
  issue line-1 root basicConstraints=critical,CA:TRUE,pathlen:0 keyUsage=critical,keyCertSign &&
  issue pump-7 line-1 extendedKeyUsage=clientAuth keyUsage=critical,digitalSignature &&
  issue intruder stranger extendedKeyUsage=clientAuth &&
  for leaf in pump-7 press-1 press-1+eye; do
    [ -e "$certificates/$leaf.pem" ] || issue "$leaf" line-1 extendedKeyUsage=clientAuth &&
      cat "$certificates/$leaf.pem" "$certificates/line-1.pem" >"$certificates/$leaf.chain.pem"
  done ||
  not_ok "openssl makes a chain" "$(cat "$drydock_dir/openssl.log")"
cp "$certificates/intruder.pem" "$certificates/intruder.chain.pem"

# The hub trusts the root, and an application may read and write its registry, nothing else.
"$bin/drydock" application create registrar --data "$drydock_dir/data" --output json >"$drydock_dir/registrar.json"
{
  arm PUT "$hub/certificates/root?api-version=2023-06-30" "{\"properties\":{\"isVerified\":true,\"certificate\":\"$(base64 -w0 <"$certificates/root.pem")\"}}" &&
    arm PUT "$hub/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01" \
      "{\"properties\":{\"principalType\":\"ServicePrincipal\",\"principalId\":\"$(jq -r .objectId "$drydock_dir/registrar.json")\",\"roleDefinitionId\":\"/subscriptions/$(environment subscriptionId)/providers/Microsoft.Authorization/roleDefinitions/4ea46cd5-c1b2-4a8e-910b-273211f9ce47\"}}"
} >"$drydock_dir/trust.json" || not_ok "the hub gets a CA and a role" "$(cat "$drydock_dir/trust.json")"

for script in iot_sdk.mjs dps_sdk.mjs iot_hub_sdk.mjs iot_device_sdk.mjs iot_service_sdk.mjs; do
  CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data CONFORMANCE_WORK=$drydock_dir \
    timeout 120 node "$here/$script" || not_ok "$script ends well" "its exit code is $?"
done
finish
