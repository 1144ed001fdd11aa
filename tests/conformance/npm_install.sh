#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs the pinned npm packages into build/conformance, unless these very versions are there already,
# and prints that directory. Several may run at once: they take turns.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
target=$(cd "$here/../.." && pwd)/build/conformance
stamp="$target/.installed"

mkdir -p "$target"
exec 9>"$target/.lock"
flock 9
wanted=$(sha256sum <"$here/package-lock.json")
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  rm -f "$stamp"
  cp "$here/package.json" "$here/package-lock.json" "$target/"
  (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
  printf '%s\n' "$wanted" >"$stamp"
fi
printf '%s\n' "$target"
