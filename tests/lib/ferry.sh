# SPDX-License-Identifier: Apache-2.0
# A Ferry of the test's own, in a directory that goes when the script ends, with everything that the script
# started. Source it after tap.sh; it sets
#   bin, root   the programs (the script's first argument; also first in PATH) and the project
#   work, data  the directory, and in it Ferry's data; HOME and the CLI's profile are in it too
#   url         where ferryd listens: at `port`, which the script may set before
# and gives
#   ferry_up [OPTION...]      `ferry up`, ready to be asked; its process is $up_pid
#   agent_run DIR [OPTION...] ferry-agent on DOCKER_HOST; its process is $agent_pid
#   started                   notes the last background process, to be stopped at the end
#   must, refuses, module, container_of, of_cloud, leaf_of   see below
bin=$(cd "$1" && pwd)
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
PATH=$bin:$PATH
work=$(mktemp -d /tmp/ferry.XXXX)  # short: sockets are in it
data=$work/data
port=${port:-17443}
url=https://127.0.0.1:$port
export HOME=$work/home XDG_CONFIG_HOME=$work/home/.config FERRY_PROFILE=$data/profile.json
unset FERRY_NODE_TOKEN
mkdir -p "$HOME"
started_pids=()

started() { started_pids=("$!" "${started_pids[@]}"); }

stop() { kill "${2:--TERM}" "$1" 2>/dev/null && wait "$1" 2>/dev/null; }

clean_up() {
  local pid log
  for pid in "${started_pids[@]}"; do stop "$pid"; done
  [ -z "${dockerd_pid:-}" ] || stop_dockerd  # scripts without an engine do not source dockerd.sh
  if [ "$failed_checks" -gt 0 ]; then
    for log in "$data"/logs/*.log "$work"/*.log; do
      [ -f "$log" ] && echo "# end of $log" && tail -15 "$log" | sed 's/^/#   /'
    done
  fi
  rm -rf "$work"
}
trap clean_up EXIT

ferry_up() {
  ferry up --data "$data" --port "$port" "$@" >>"$work/up.log" 2>&1 &
  up_pid=$!
  started
  if eventually 60 curl -fsS --cacert "$data/ferryd/ca.pem" "$url/healthz" && eventually 60 test -s "$FERRY_PROFILE"; then
    ok "ferry up is ready"
  else
    not_ok "ferry up is ready" "$(cat "$work/up.log")"
    finish
  fi
}

agent_run() {
  local dir=$1
  shift
  ferry-agent run --data "$dir" --docker "$DOCKER_HOST" "$@" >>"$work/agent.log" 2>&1 &
  agent_pid=$!
  started
}

# must NAME COMMAND...: as check, but without it the rest of the script makes no sense.
must() {
  local before=$failed_checks
  check "$@"
  [ "$failed_checks" -eq "$before" ] || finish
}

# refuses NAME EXPECTED COMMAND...: the command must fail and say so in these words.
refuses() {
  local name=$1 expected=$2 output
  shift 2
  if output=$("$@" 2>&1); then
    not_ok "$name" "succeeded: $output"
  else
    check_contains "$name" "$output" "$expected"
  fi
}

# module NODE MODULE FIELD: what Ferry's status says of it.
module() { ferry status "$1" --output json | jq -r ".modules[] | select(.name==\"$2\") | .$3"; }

# container_of MODULE: its running container, where ferry-agent keeps it.
container_of() { docker ps -q --no-trunc --filter "label=io.ferry.agent.module=$1"; }

# of_cloud KEY: of the local cloud's environment.json, which is $cloud_environment if the script sets that.
of_cloud() { jq -r ".$1" "${cloud_environment:-$data/drydock/environment.json}"; }

# leaf_of DIR: the SHA-256 fingerprint of the certificate that the agent there has.
leaf_of() { jq -r .chain "$1/registration.json" | openssl x509 -noout -fingerprint -sha256 | tr -d ':' | cut -d= -f2; }
