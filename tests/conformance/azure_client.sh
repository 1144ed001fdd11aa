#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ferry's Azure and registry clients, from the first token to deleting everything, against Drydock.
#   azure_client.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: azure_client.sh BIN}
private_names "$@"

start_drydock "$bin" 127.0.84.7 || { not_ok "drydock starts"; finish; }
"$bin/conformance/azure_client" "$drydock_dir/data/environment.json" || failed_checks=$((failed_checks + 1))
finish
