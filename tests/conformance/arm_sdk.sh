#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Microsoft's management packages for Node (@azure/arm-*), unmodified, against Drydock's Resource Manager:
# what Ferry provisions, made, read, changed and deleted.
#   arm_sdk.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=$(cd "${1:?usage: arm_sdk.sh BIN}" && pwd)
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.10 || { not_ok "drydock starts"; finish; }
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=plant -keyout "$drydock_dir/plant.key" \
  -out "$drydock_dir/plant.pem" 2>/dev/null
"$bin/drydock" application create robot --data "$drydock_dir/data" --output json >"$drydock_dir/robot.json"
CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca DRYDOCK_DATA=$drydock_dir/data CONFORMANCE_WORK=$drydock_dir \
  timeout 180 node "$here/arm_sdk.mjs" || failed_checks=$((failed_checks + 1))
finish
