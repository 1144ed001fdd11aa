#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ferry-agent on a real Docker Engine and a real registry, with the cloud away: it enforces what it has
# on disk.
#   docker_engine.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/dockerd.sh"
bin=${1:?usage: docker_engine.sh BIN}
work=$(mktemp -d /tmp/fe.XXXXXX)
agent_pid= second_pid= registry_pid=

stop_pid() {
  [ -n "$1" ] || return 0
  kill "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
clean_up() {
  stop_pid "$agent_pid"
  stop_pid "$second_pid"
  stop_dockerd
  stop_pid "$registry_pid"
  rm -rf "$work"
}
trap clean_up EXIT

start_dockerd "$work/d" || { not_ok "dockerd starts"; finish; }

# A registry on loopback: dockerd takes plain HTTP there.
port=$((20000 + RANDOM % 20000))
cat >"$work/registry.yml" <<YAML
version: 0.1
storage: {filesystem: {rootdirectory: $work/registry}}
http: {addr: "127.0.0.1:$port"}
YAML
docker-registry serve "$work/registry.yml" >"$work/registry.log" 2>&1 &
registry_pid=$!
repository=127.0.0.1:$port/line-1
eventually 10 curl -fsS "http://127.0.0.1:$port/v2/" || { not_ok "the registry starts"; finish; }

# push_image TAG COMMAND: prints the image's reference by digest, and leaves no local copy.
"$here/../../examples/base-images/busybox.sh" "$work/base.tar"
push_image() {
  docker import -c "CMD [\"/bin/sh\",\"-c\",\"$2\"]" "$work/base.tar" "$repository:$1" >/dev/null
  docker push -q "$repository:$1" >/dev/null
  local reference
  reference=$(docker image inspect -f '{{index .RepoDigests 0}}' "$repository:$1")
  docker rmi -f "$repository:$1" >/dev/null 2>&1
  echo "$reference"
}
loop='echo started; echo problem >&2; trap exit TERM; while :; do sleep 0.1; done'
image1=$(push_image 1 "echo one; $loop")
image2=$(push_image 2 "echo two; $loop")
crash=$(push_image 3 "exit 3")

# device DIR: what a registered device has on disk. Nothing answers at its provisioning host.
device() {
  mkdir -p -m 0700 "$1"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1/device.key.pem" \
    -out "$1/chain.pem" -subj /CN=node-1 -days 30 2>/dev/null
  jq -n --rawfile chain "$1/chain.pem" '{server: "https://ferry.localhost", registrationId: "node-1",
    chain: $chain, provisioningHost: "127.0.0.1:1", idScope: "0ne00000000", payload: null}' \
    >"$1/registration.json"
}
# desire DIR VERSION MODULES
desire() {
  jq -n --argjson version "$2" --argjson modules "$3" '{schemaVersion: "1.1", "$version": $version,
    runtime: {type: "docker", settings: {}}, systemModules: {}, modules: $modules}' >"$1/desired.json"
}
module() { jq -n --arg image "$1" --arg restart "${2:-always}" --arg order "${3:-5}" \
  '{type: "docker", version: "1", status: "running", restartPolicy: $restart,
    startupOrder: ($order | tonumber), env: {RATE: {value: 5}}, settings: {image: $image, createOptions: "{}"}}'; }
modules() { jq -n --argjson sampler "$1" --argjson pump "$2" '{sampler: $sampler, pump: $pump}'; }

start_agent() {  # DIR [OPTIONS]; sets started_pid
  local dir=$1
  shift
  "$bin/ferry-agent" run --data "$dir" --docker "$DOCKER_HOST" "$@" >>"$dir/log" 2>&1 &
  started_pid=$!
}
instance() { jq -r .instance "$1/agent.json"; }
container() { docker ps -aq --no-trunc -f "name=^/ferry-$(instance "$1")-$2\$"; }
running() { [ "$(docker inspect -f '{{.State.Running}} {{.Config.Image}}' "$(container "$1" "$2")")" = "true $3" ]; }
gone() { [ -z "$(container "$1" "$2")" ]; }
image_gone() { ! docker image inspect "$1"; }
log_has() { grep -qF -- "$2" "$1/log"; }

a=$work/a b=$work/b
device "$a"
desire "$a" 3 "$(modules "$(module "$image1")" "$(module "$image1" always 1)")"
start_agent "$a"; agent_pid=$started_pid
check "modules of the kept composition are pulled and started without the cloud" \
  eventually 60 running "$a" sampler "$image1"
check "all of them" eventually 20 running "$a" pump "$image1"
sampler=$(container "$a" sampler) pump=$(container "$a" pump)

inspect=$(docker inspect "$sampler")
check_contains "a module knows its own name" "$inspect" "IOTEDGE_MODULEID=sampler"
check_contains "a module has the environment of its manifest" "$inspect" "RATE=5"
check_contains "a container is labelled as the Edge runtime's" "$inspect" '"net.azure-devices.edge.owner": "Microsoft.Azure.Devices.Edge.Agent"'
check_contains "a module joins the network of the Edge runtime" "$inspect" '"azure-iot-edge": {'
bridge=/sys/class/net/br-$(docker network inspect -f '{{slice .Id 0 12}}' azure-iot-edge)
check "their network is a bridge of the machine" test -e "$bridge"
check "modules find each other by their plain names" docker exec "$sampler" nslookup pump 127.0.0.11

# Shared library pages depend on the build (a release build has 10 MB in all); its own memory does not.
memory=$(awk '/VmRSS/ {total = $2} /RssAnon/ {own = $2} END {print own " kB of its own, " total " kB in all"}' "/proc/$agent_pid/status")
if [ "${memory%% *}" -lt 4096 ]; then ok "the agent is small: $memory"; else not_ok "the agent is small" "$memory"; fi

docker kill "$sampler" >/dev/null
before=$SECONDS
check "a killed container comes back" eventually 10 running "$a" sampler "$image1"
if [ $((SECONDS - before)) -le 6 ]; then ok "within a few seconds"; else not_ok "within a few seconds" "$((SECONDS - before)) s"; fi
[ "$(container "$a" sampler)" = "$sampler" ] && ok "as the same container" || not_ok "as the same container"

docker rm -f "$sampler" >/dev/null
check "a removed container is made again" eventually 10 running "$a" sampler "$image1"
sampler=$(container "$a" sampler)

# A crash of the agent costs the modules nothing.
kill -9 "$agent_pid"; wait "$agent_pid" 2>/dev/null
started=$(docker inspect -f '{{.State.StartedAt}}' "$sampler")
start_agent "$a"; agent_pid=$started_pid
sleep 5
[ "$(docker inspect -f '{{.State.StartedAt}}' "$sampler")" = "$started" ] &&
  ok "modules run on while the agent is killed and started" || not_ok "modules run on while the agent is killed and started"

# A second agent on the same engine, same module names.
device "$b"
desire "$b" 1 "$(modules "$(module "$image1")" "$(module "$crash" on-failure)")"
start_agent "$b"; second_pid=$started_pid
check "a second agent runs its own module of the same name" eventually 30 running "$b" sampler "$image1"
check "a module that fails is started again" eventually 30 log_has "$b" "restart pump"
sleep 6
[ "$(docker inspect -f '{{.State.StartedAt}}' "$sampler")" = "$started" ] &&
  ok "the first agent's module is not touched by it" || not_ok "the first agent's module is not touched by it"
[ "$(grep -c 'restart pump' "$b/log")" -le 2 ] && ok "the next restarts are backed off" || not_ok "the next restarts are backed off"

# A new version of one module; of the other an image that does not exist.
stop_pid "$agent_pid"
running "$a" sampler "$image1" && ok "an agent that ends leaves its modules running" || not_ok "an agent that ends leaves its modules running"
missing=$repository@sha256:$(printf '0%.0s' {1..64})
desire "$a" 4 "$(modules "$(module "$image2")" "$(module "$missing" always 1)")"
start_agent "$a"; agent_pid=$started_pid
check "a changed module is replaced although an earlier one cannot be pulled" eventually 30 running "$a" sampler "$image2"
check "a pull that fails is told" eventually 20 log_has "$a" "pull $missing"
check "the old container of that module runs on" running "$a" pump "$image1"
[ "$(container "$a" pump)" = "$pump" ] && ok "untouched" || not_ok "untouched"

# pump goes, sampler stays.
stop_pid "$agent_pid"
sampler=$(container "$a" sampler)
desire "$a" 5 "$(jq -n --argjson sampler "$(module "$image2")" '{sampler: $sampler}')"
stop_pid "$second_pid"; second_pid=
check "an agent's containers are removed on request" "$bin/ferry-agent" remove-modules --data "$b" --docker "$DOCKER_HOST"
gone "$b" sampler && gone "$b" pump && ok "all of them are gone" || not_ok "all of them are gone"
running "$a" sampler "$image2" && ok "those of the other agent are still there" || not_ok "those of the other agent are still there"
start_agent "$a" --stop-modules-on-exit; agent_pid=$started_pid
check "a module that is no longer wanted is removed" eventually 20 gone "$a" pump
[ "$(container "$a" sampler)" = "$sampler" ] && ok "the other one is not touched" || not_ok "the other one is not touched"
check "images that nothing uses any more are removed" eventually 20 image_gone "$image1"

status=$("$bin/ferry-agent" status --data "$a" --docker "$DOCKER_HOST")
check_contains "status shows the modules" "$status" "$image2"
check_contains "status shows the composition" "$status" "version 5"

stop_pid "$agent_pid"; agent_pid=
[ "$(docker inspect -f '{{.State.Running}}' "$sampler")" = false ] &&
  ok "modules are stopped at the end when that is wanted" || not_ok "modules are stopped at the end when that is wanted"
check "containers are removed" "$bin/ferry-agent" remove-modules --data "$a" --docker "$DOCKER_HOST"
[ -z "$(docker ps -aq)" ] && ok "nothing is left" || not_ok "nothing is left"

# The engine away: the agent waits for it and says so.
stop_dockerd
check "an engine of a test leaves no bridge behind" test ! -e "$bridge"
start_agent "$a"; agent_pid=$started_pid
check "an engine that is away is told" eventually 10 log_has "$a" "reach the Docker Engine"
kill -0 "$agent_pid" 2>/dev/null && ok "and waited for" || not_ok "and waited for"
finish
