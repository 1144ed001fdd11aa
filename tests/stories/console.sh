#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The web console: its own tests and budgets, then a person with Debian's Chromium in front of a real Ferry
# and Drydock.
#   tests/stories/console.sh BIN     CONSOLE_SHOTS=DIR keeps screenshots of every screen
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
port=17453
. "$lib/ferry.sh"
in_console() { "$root/tools/build-console" --run "$@"; }

check "the console is built" "$root/tools/build-console" --run true
check "its types are those of the API's description, and it compiles" \
  in_console sh -c 'node scripts/api-types.mjs --check && node node_modules/typescript/bin/tsc --noEmit'
check "its rules pass their tests" in_console node node_modules/vitest/vitest.mjs run
in_console node scripts/budget.mjs || failed_checks=$((failed_checks + 1))

ferry_up

serves() { curl -sS --cacert "$data/ferryd/ca.pem" "$url$1" "${@:2}"; }
page=$(serves /console/ --compressed)
asset=$(grep -oE '/console/assets/[^"]+\.js' <<<"$page" | head -1)
if [ -z "$asset" ]; then not_ok "ferryd carries the console" "$page"; finish; fi
ok "ferryd carries the console"
etag=$(serves /console/ --compressed --head | tr -d '\r' | sed -n 's/^etag: //Ip')
check "its page has the hash of its content as ETag" test "$etag" = "\"$(serves /console/ --compressed | sha256sum | cut -d ' ' -f 1)\""
check_contains "a page that is known is not sent again" "$(serves /console/ --head --header "If-None-Match: $etag")" "304"
check_contains "a script is kept for good" "$(serves "$asset" --head)" "immutable"
check_contains "a script that is not there is 404" "$(serves /console/assets/nothing.js --head)" "404"

check_contains "ferry console says where it is" "$(ferry console --no-open)" "$url/console/"
check_contains "and where the API token is" "$(ferry console --no-open --output json)" "$data/ferryd/owner.token"

export CONSOLE_ORIGIN=$url CONSOLE_DATA=$data
timeout 240 "$root/tools/build-console" --run node e2e/story.mjs || failed_checks=$((failed_checks + 1))
for secret in "$(cat "$data/ferryd/owner.token")" "$(of_cloud clientSecret)"; do
  check "no log holds a secret" bash -c "! grep -rqF -- '$secret' '$data/logs' '$work'/*.log"
done
finish
