#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Holds what ferryd was asked and answered in tests against its own description, src/api/openapi.
#   validate_api.sh DIRECTORY    has a directory per test, with what FERRY_RECORD made below it
exec "$(cd "$(dirname "${BASH_SOURCE[0]}")/../../.." && pwd)/tools/build-console" --run node scripts/validate-recordings.mjs \
  "$(cd "${1:?usage: validate_api.sh DIRECTORY}" && pwd)"
