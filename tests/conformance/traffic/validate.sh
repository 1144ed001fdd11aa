#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Holds what Drydock was asked and answered in tests against Microsoft's API descriptions.
#   validate.sh DIRECTORY    has a directory per test, with what FERRY_RECORD made below it
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../../lib/tap.sh"
modules=$("$here/../npm_install.sh") || { not_ok "the npm packages install"; finish; }
CONFORMANCE_MODULES=$modules exec node "$here/validate.mjs" "${1:?usage: validate.sh DIRECTORY}"
