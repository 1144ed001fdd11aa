# SPDX-License-Identifier: Apache-2.0
# Debian's azure-cli for a test script, in one process (tests/conformance/az_session.py), signed in to the
# script's Drydock. Needs drydock.sh.
#   start_az       from then on `az ARGUMENTS...` is a command of that process
#   az_cloud       makes the script's Drydock the cloud of az
#   az_login       as the application of environment.json
#   az_session_environment NAME VALUE   a variable of that process
#   stop_az

start_az() {
  local lib
  lib=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
  export AZURE_CONFIG_DIR=$drydock_dir/azure AZURE_CORE_COLLECT_TELEMETRY=false REQUESTS_CA_BUNDLE=$ca \
    AZURE_CORE_ONLY_SHOW_ERRORS=true AZURE_CORE_OUTPUT=json
  mkfifo "$drydock_dir/az.in" "$drydock_dir/az.status"
  /usr/bin/python3 "$lib/../conformance/az_session.py" "$drydock_dir" <"$drydock_dir/az.in" >"$drydock_dir/az.status" \
    2>"$drydock_dir/az.session.log" &
  exec {az_in}>"$drydock_dir/az.in" {az_status}<"$drydock_dir/az.status"
}

az_request() {
  local status
  printf '%s\n' "$1" >&"$az_in"
  read -r status <&"$az_status" || { tail -3 "$drydock_dir/az.session.log" >&2; return 99; }
  cat "$drydock_dir/az.out"
  cat "$drydock_dir/az.err" >&2
  return "$status"
}

az() { az_request "$(jq -cn '$ARGS.positional' --args -- "$@")"; }

az_session_environment() { az_request "$(jq -cn --arg name "$1" --arg value "$2" '{$name, $value}')"; }

# Tells az of the script's Drydock.
az_cloud() {
  az cloud register -n drydock --endpoint-resource-manager "$(environment resourceManager)" \
    --suffix-storage-endpoint "$(environment suffixes.storage)" \
    --suffix-acr-login-server-endpoint ".$(environment suffixes.acrLoginServer)" &&
    az cloud set -n drydock
}

az_login() {
  check "az login with a secret" az login --service-principal -u "$(environment clientId)" \
    -p "$(environment clientSecret)" --tenant "$(environment tenantId)"
}

stop_az() { exec {az_in}>&- {az_status}<&-; }
