#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's @azure/storage-blob, unmodified, against Drydock's Blob Storage.
#   storage_blob_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: storage_blob_sdk.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.1 || { not_ok "drydock starts"; finish; }
group=resourceGroups/conformance
account=$group/providers/Microsoft.Storage/storageAccounts/conformance
arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
  arm PUT "$account?api-version=2023-05-01" \
    '{"location":"westeurope","kind":"StorageV2","sku":{"name":"Standard_LRS"},"properties":{}}' >/dev/null &&
  arm POST "$account/listKeys?api-version=2023-05-01" >"$drydock_dir/keys.json" ||
  { not_ok "Resource Manager makes a storage account"; finish; }
ok "Resource Manager makes a storage account"
refresh_names

run() {
  CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data \
    STORAGE_KEYS=$drydock_dir/keys.json node "$here/storage_blob_sdk.mjs" "$1" || failed_checks=$((failed_checks + 1))
}
run work
kill_drydock
launch_drydock || not_ok "drydock starts again after kill -9"
run survived
finish
