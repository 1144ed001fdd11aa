#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's @azure/container-registry, unmodified, against Drydock's Container Registry: an Entra token is
# exchanged for the registry's own.
#   registry_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: registry_sdk.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.4 || { not_ok "drydock starts"; finish; }
group=resourceGroups/conformance
arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
  arm PUT "$group/providers/Microsoft.ContainerRegistry/registries/conformance?api-version=2023-07-01" \
    '{"location":"westeurope","sku":{"name":"Standard"},"properties":{}}' >/dev/null ||
  { not_ok "Resource Manager makes a registry"; finish; }
refresh_names
CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data \
  timeout 120 node "$here/registry_sdk.mjs" || failed_checks=$((failed_checks + 1))
finish
