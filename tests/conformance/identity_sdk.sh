#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# @azure/identity, unmodified, against Drydock's Entra ID: every credential that Ferry takes.
#   identity_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/az.sh"
bin=$(cd "${1:?usage: identity_sdk.sh BIN}" && pwd)
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
drydock_options=(--imds-port 0)
start_drydock "$bin" 127.0.84.9 || { not_ok "drydock starts"; finish; }

openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=robot -keyout "$drydock_dir/robot.key" \
  -out "$drydock_dir/robot.pem" 2>/dev/null
cat "$drydock_dir/robot.key" "$drydock_dir/robot.pem" >"$drydock_dir/robot.both.pem"
application() { "$bin/drydock" application "$@" --data "$drydock_dir/data" --output json; }
application create robot --certificate "$drydock_dir/robot.pem" >"$drydock_dir/robot.json" &&
  application create cluster >"$drydock_dir/cluster.json" &&
  application create builder --managed-identity >"$drydock_dir/builder.json" ||
  { not_ok "applications are made beside the running cloud"; finish; }
ok "applications are made beside the running cloud"

start_az
check "az is signed in" az_cloud
az_login

run() {
  CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data CONFORMANCE_WORK=$drydock_dir \
    DRYDOCK=$bin/drydock timeout 120 env "$@" node "$here/identity_sdk.mjs" || failed_checks=$((failed_checks + 1))
}
run CREDENTIALS=own AZURE_POD_IDENTITY_AUTHORITY_HOST="$(environment managedIdentity.podIdentityAuthorityHost)"
# A process has one kind of managed identity.
run CREDENTIALS=app-service IDENTITY_ENDPOINT="$(environment managedIdentity.identityEndpoint)" \
  IDENTITY_HEADER="$(environment managedIdentity.identityHeader)"
stop_az
finish
