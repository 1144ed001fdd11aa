#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ferry's blob client against Azurite, Microsoft's emulator of Azure Storage.
#   azurite_blob.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
bin=${1:?usage: azurite_blob.sh BIN}

packages=$("$here/npm_install.sh") || { not_ok "Azurite is installed"; finish; }
dir=$(mktemp -d)
azurite=
cleanup() {
  [ -n "$azurite" ] && kill "$azurite" 2>/dev/null && wait "$azurite" 2>/dev/null
  rm -rf "$dir"
}
trap cleanup EXIT

port=$((20000 + $$ % 20000))
account=ferrytest
key=$(head -c 64 /dev/urandom | base64 -w0)
AZURITE_ACCOUNTS="$account:$key" "$packages/node_modules/.bin/azurite-blob" --blobHost 127.0.0.1 --blobPort "$port" \
  --silent --skipApiVersionCheck --disableTelemetry --location "$dir" >"$dir/azurite.log" 2>&1 &
azurite=$!
# Any answer will do: without a signature it is a refusal.
if eventually 30 curl -s -o /dev/null "http://127.0.0.1:$port/$account"; then
  ok "Azurite answers"
else
  not_ok "Azurite answers" "$(cat "$dir/azurite.log")"
  finish
fi

STORAGE_KEY=$key "$bin/conformance/blob_client" "http://127.0.0.1:$port/$account" "$account" ||
  failed_checks=$((failed_checks + 1))
refused=$(STORAGE_KEY=$(head -c 64 /dev/urandom | base64 -w0) \
  "$bin/conformance/blob_client" "http://127.0.0.1:$port/$account" "$account" | head -1)
check_contains "a wrong key is refused in words" "$refused" "403"
finish
