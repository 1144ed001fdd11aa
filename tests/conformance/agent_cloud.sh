#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ferry-agent from its certificate to running modules: Drydock's Device Provisioning and IoT Hub, a real
# Docker Engine, and a deployment made through the hub's REST API.
#   agent_cloud.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/dockerd.sh"
bin=${1:?usage: agent_cloud.sh BIN}
private_names "$@"

start_drydock "$bin" 127.0.84.5 || { not_ok "drydock starts"; finish; }
agent_pid=
stop_agent() {
  [ -n "$agent_pid" ] || return 0
  kill "$agent_pid" 2>/dev/null
  wait "$agent_pid" 2>/dev/null
  agent_pid=
}
clean_up() {
  stop_agent
  stop_dockerd
  stop_drydock
}
trap clean_up EXIT
start_dockerd "$drydock_dir/d" || { not_ok "dockerd starts"; finish; }
"$here/../../examples/base-images/busybox.sh" "$drydock_dir/base.tar"
loop='trap exit TERM; while :; do echo tick; sleep 0.2; done'
docker import -c "CMD [\"/bin/sh\",\"-c\",\"$loop\"]" "$drydock_dir/base.tar" local/app:1 >/dev/null

group=resourceGroups/conformance
hub=$group/providers/Microsoft.Devices/IotHubs/agent-hub
dps=$group/providers/Microsoft.Devices/provisioningServices/agent-dps
hub_host=agent-hub.$(environment suffixes.iotHub)
make_resources() {
  arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
    arm PUT "$hub?api-version=2023-06-30" \
      '{"location":"westeurope","sku":{"name":"S1","capacity":1},"properties":{}}' >/dev/null &&
    arm POST "$hub/listkeys?api-version=2023-06-30" >"$drydock_dir/hub-keys.json" || return 1
  local connection
  connection="HostName=$hub_host;SharedAccessKeyName=iothubowner;SharedAccessKey=$(
    jq -r '.value[] | select(.keyName == "iothubowner") | .primaryKey' "$drydock_dir/hub-keys.json")"
  arm PUT "$dps?api-version=2022-12-12" \
    "{\"location\":\"westeurope\",\"sku\":{\"name\":\"S1\",\"capacity\":1},\"properties\":{\"iotHubs\":[{\"location\":\"westeurope\",\"connectionString\":\"$connection\"}]}}" \
    >"$drydock_dir/dps.json" &&
    arm POST "$dps/listkeys?api-version=2022-12-12" >"$drydock_dir/dps-keys.json"
}
make_resources || { not_ok "Resource Manager makes a hub and a DPS linked to it"; finish; }
refresh_names

# sas HOST KEYS POLICY: a header file with a service token.
sas() {
  python3 - "$@" <<'PY'
import base64, hashlib, hmac, json, sys, time, urllib.parse
host, keys, policy = sys.argv[1:]
key = next(k["primaryKey"] for k in json.load(open(keys))["value"] if k["keyName"] == policy)
resource, expiry = urllib.parse.quote(host, safe=""), int(time.time()) + 900
signature = hmac.new(base64.b64decode(key), f"{resource}\n{expiry}".encode(), hashlib.sha256).digest()
signature = urllib.parse.quote(base64.b64encode(signature), safe="")
print(f"Authorization: SharedAccessSignature sr={resource}&sig={signature}&se={expiry}&skn={policy}")
PY
}
dps_host=$(jq -r .properties.serviceOperationsHostName "$drydock_dir/dps.json")
sas "$hub_host" "$drydock_dir/hub-keys.json" iothubowner >"$drydock_dir/hub.header"
sas "$dps_host" "$drydock_dir/dps-keys.json" provisioningserviceowner >"$drydock_dir/dps.header"
hub_call() {  # METHOD PATH [JSON]
  drydock_curl -H @"$drydock_dir/hub.header" -H 'Content-Type: application/json' -X "$1" \
    "https://$hub_host$2?api-version=2021-04-12" ${3:+--data "$3"}
}

# A node group's CA below a root, and a device's certificate below that.
a=$drydock_dir/a
mkdir -m 0700 "$a"
make_certificates() {
  cd "$drydock_dir" || return 1
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=root \
    -addext keyUsage=critical,keyCertSign -keyout root.key -out root.pem &&
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=line-1 -keyout line.key -out line.csr &&
    openssl x509 -req -in line.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -out line.pem \
      -extfile <(printf 'basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n') &&
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=node-1 -keyout "$a/device.key.pem" -out node.csr &&
    openssl x509 -req -in node.csr -CA line.pem -CAkey line.key -CAcreateserial -days 30 -out node.pem \
      -extfile <(printf 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n') &&
    cat node.pem line.pem >chain.pem
}
check "openssl makes a chain" make_certificates
jq -n --rawfile chain "$drydock_dir/chain.pem" --arg host "$(environment deviceProvisioningHost)" \
  --arg scope "$(jq -r .properties.idScope "$drydock_dir/dps.json")" \
  '{server: "https://ferry.localhost", registrationId: "node-1", chain: $chain, provisioningHost: $host,
    idScope: $scope, payload: null}' >"$a/registration.json"
jq -n --rawfile ca "$drydock_dir/line.pem" '{enrollmentGroupId: "line-1", capabilities: {iotEdge: true},
  attestation: {type: "x509", x509: {signingCertificates: {primary: {certificate: $ca}}}},
  initialTwin: {tags: {nodeGroup: "line-1"}, properties: {desired: {}}}}' >"$drydock_dir/enrollment.json"
check "an enrollment group is made" drydock_curl -H @"$drydock_dir/dps.header" -H 'Content-Type: application/json' \
  -X PUT --data @"$drydock_dir/enrollment.json" "https://$dps_host/enrollmentGroups/line-1?api-version=2021-10-01"

deploy() {  # ID PRIORITY MODULES
  hub_call PUT "/configurations/$1" "$(jq -n --arg id "$1" --argjson priority "$2" --argjson modules "$3" '
    {id: $id, schemaVersion: "1.0", priority: $priority, targetCondition: "tags.nodeGroup=\u0027line-1\u0027",
     content: {modulesContent: {
       "$edgeAgent": {"properties.desired": {schemaVersion: "1.1", runtime: {type: "docker", settings: {}},
         systemModules: {edgeAgent: {type: "docker", settings: {image: "agent:1"}},
           edgeHub: {type: "docker", status: "running", restartPolicy: "always", settings: {image: "hub:1"}}},
         modules: $modules}},
       "$edgeHub": {"properties.desired": {schemaVersion: "1.1", routes: {},
         storeAndForwardConfiguration: {timeToLiveSecs: 7200}}}}}}')"
}
app='{"type":"docker","version":"1","status":"running","restartPolicy":"always","imagePullPolicy":"never",
  "settings":{"image":"local/app:1","createOptions":"{}"}}'
check "a deployment targets the group" deploy base-1 1 "{\"sampler\":$app}"

start_agent() {
  "$bin/ferry-agent" run --data "$a" --docker "$DOCKER_HOST" --cloud-ca-file "$ca" >>"$drydock_dir/agent.log" 2>&1 &
  agent_pid=$!
}
twin() { hub_call GET '/twins/node-1/modules/%24edgeAgent'; }
twin_says() { twin | jq -e "$1"; }
settled='.properties.reported | .lastDesiredStatus.code == 200 and .lastDesiredVersion == $desired'
settled=".properties.desired[\"\$version\"] as \$desired | $settled"
status_of() { twin_says ".properties.reported.modules.$1.runtimeStatus == \"$2\""; }

start_agent
check "the module runs, and the hub knows" eventually 30 status_of sampler running ||
  tail -5 "$drydock_dir/agent.log"
check "the composition is reported as applied" eventually 10 twin_says "$settled"
check "the agent is connected" twin_says '.connectionState == "Connected"'
# Shared library pages depend on the build (a release build has 10 MB in all); its own memory does not.
memory=$(awk '/VmRSS/ {total = $2} /RssAnon/ {own = $2} END {print own " kB of its own, " total " kB in all"}' "/proc/$agent_pid/status")
if [ "${memory%% *}" -lt 4096 ]; then ok "the agent is small: $memory"; else not_ok "the agent is small" "$memory"; fi

call() { hub_call POST '/twins/node-1/modules/%24edgeAgent/methods' "{\"methodName\":\"$1\",\"payload\":$2,\"responseTimeoutInSeconds\":30}"; }
check_contains "ping is answered" "$(call ping null)" '"status":200'
two_lines() { # the module writes one a second
  call GetModuleLogs '{"schemaVersion":"1.0","items":[{"id":"sam.*","filter":{"tail":3}}],"encoding":"none","contentType":"text"}' |
    grep -qF 'tick\ntick\n'
}
check "logs come through the hub" eventually 10 two_lines
check_contains "RestartModule is answered" "$(call RestartModule '{"schemaVersion":"1.0","id":"sampler"}')" '"status":200'
check_contains "an unknown method is refused with the known ones" "$(call Dance null)" 'GetModuleLogs'

check "a second deployment of higher priority adds a module" deploy base-2 2 "{\"sampler\":$app,\"pump\":$app}"
check "it runs" eventually 20 status_of pump running
check "that composition is applied as well" eventually 10 twin_says "$settled"

kill_drydock
docker kill "$(docker ps -q -f name=sampler)" >/dev/null
sampler_runs() { [ -n "$(docker ps -q -f name=sampler)" ]; }
check "a killed module comes back while the cloud is away" eventually 10 sampler_runs
launch_drydock || not_ok "drydock starts again"
check "the agent comes back to the cloud" eventually 40 twin_says \
  '.properties.reported.modules.sampler.restartCount >= 1 and .connectionState == "Connected"'

stop_agent
check "at the end it says that nobody watches" twin_says '.properties.reported.lastDesiredStatus.code == 406'
sampler_runs && ok "and leaves the modules running" || not_ok "and leaves the modules running"
if grep -iqE 'SharedAccessSignature|PRIVATE KEY' "$drydock_dir/agent.log"; then not_ok "no secret is in the log"; else ok "no secret is in the log"; fi
[ "$failed_checks" -eq 0 ] || tail -20 "$drydock_dir/agent.log" | sed 's/^/# /'
finish
