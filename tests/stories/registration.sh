#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Everything that people do with devices by the command line, against a running ferryd and Drydock: enrollments with
# approval, policies, tokens, shutting out and letting in again, moving, replacing hardware, leaving the cloud, and a
# rollover of a group's authority with the devices of the group.
#   tests/stories/registration.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
. "$lib/ferry.sh"

json() { ferry "$@" --output json; }
# register DIR [OPTION...]: a device; its token comes from standard input.
register() {
  local dir=$1
  shift
  ferry-agent register --server $url --ca-file "$data/ferryd/ca.pem" --cloud-ca-file "$(of_cloud caFile)" --token-file - \
    --data "$work/$dir" "$@"
}
node() { json node create "$1" --group "${2:-line-1}" | jq -r .token | register "$1"; }
# ask DIR: what Ferry says to the device that shows its certificate; prints the status.
ask() {
  jq -r .chain "$work/$1/registration.json" >"$work/$1.pem"
  curl -sS --cacert "$data/ferryd/ca.pem" --cert "$work/$1.pem" --key "$work/$1/device.key.pem" -o "$work/$1.answer" -w '%{http_code}' \
    -X POST -d '{}' "$url/registration/status"
}
answers() { [ "$(ask "$1")" = "$2" ]; }
issuer_of() { jq -r .chain "$work/$1/registration.json" | openssl x509 -noout -issuer; }
renew() { ferry-agent renew --data "$work/$1" --now; }

ferry_up
must "a workspace and two groups are there" bash -c \
  "ferry workspace create plant-a --location westeurope && ferry group create line-1 && ferry group create line-2"

# 1. Enrollments: one token, many devices, a person decides.
token=$(json enrollment create presses --group line-1 --quota 2 --pattern 'press-*' | jq -r .token)
check "an enrollment is there" bash -c "[ \"$(json enrollment show presses | jq -r '.state + " " + (.quota | tostring)')\" = 'active 2' ]"
register p1 --name press-1 --hardware-id SN1 --no-wait <<<"$token" >"$work/p1.log" 2>&1
check "a device waits for approval" test "$(json enrollment requests | jq '.value | length')" = 1
request=$(json enrollment requests | jq -r '.value[0].id')
check "a person approves it" ferry enrollment approve "$request" --note "seen on the floor"
check "then it registers, without the token" register p1 --name press-1 --hardware-id SN1 </dev/null
register p2 --name press-2 --hardware-id SN2 --no-wait <<<"$token" >"$work/p2.log" 2>&1
check "another is turned away" ferry enrollment reject "$(json enrollment requests | jq -r '.value[0].id')" --note "not ours"
refuses "and hears why" "not ours" register p2 --name press-2 --hardware-id SN2 --no-wait <<<"$token"
check "decided requests can be looked at" bash -c "$(declare -f json); json enrollment requests --state rejected | jq -e '.value[0].note == \"not ours\"'"
refuses "a name that the pattern does not have is refused" "press-*" register p3 --name lathe-1 --hardware-id SN3 --no-wait <<<"$token"
check "the enrollment is made void" ferry enrollment revoke presses
refuses "and lets nobody in" "token" register p4 --name press-4 --hardware-id SN4 --no-wait <<<"$token"
check "the node that it made stays" bash -c "$(declare -f json); json node show press-1 | jq -e .registered"
check "it is in the list" bash -c "ferry enrollment list | grep -q revoked"

# 2. Policies.
check "a policy is set for the workspace" ferry policy set --server-keys forbid --grace-days 7 --token-hours 2 --edge-ca forbid
check "and partly undone for a group" ferry policy set --group line-2 --server-keys allow --grace-days inherit
check "the group has its own and the rest from above" bash -c "$(declare -f json); json policy show --group line-2 |
  jq -e '.effective == {serverKeys: true, graceDays: 7, late: \"approve\", tokenHours: 2, edgeCa: false} and .set.serverKeys == true and .set.graceDays == null'"
hours=$(json node create old-1 --group line-1 | jq -r '((.expiresAt | sub("\\.[0-9]+Z$"; "Z") | fromdateiso8601) - now) / 3600 | ceil')
check "a token ends as the policy says" test "$hours" = 2
check "open tokens are listed" bash -c "$(declare -f json); json node token list | jq -e '[.value[].node] | index(\"old-1\") != null'"
check "one is made void" ferry node token revoke old-1
refuses "a second time there is none" "token" ferry node token revoke old-1

# 3. Shutting out and letting in again.
must "two nodes register" bash -c "$(declare -f json register node of_cloud); url=$url data=$data work=$work; node pump-1 >/dev/null && node pump-2 >/dev/null"
check "Ferry knows them" answers pump-1 200
refuses "revoking shows what it would shut out" "--yes" ferry node revoke pump-1
check "and shuts nothing out" answers pump-1 200
check "a node is revoked" ferry node revoke pump-1 --reason stolen --yes
check "at once" answers pump-1 403
check "the other is not" answers pump-2 200
check "a group is revoked" ferry group revoke line-1 --yes
check "with all in it" answers pump-2 403
check "both are listed" bash -c "$(declare -f json); json revocation list | jq -e '[.value[].name] == [\"pump-1\", \"line-1\"]'"
check "the group is let in again" ferry group reinstate line-1
check "the other with it" answers pump-2 200
check "the first stays out" answers pump-1 403
check "until it is let in itself" ferry node reinstate pump-1
check "it may ask again" answers pump-1 200
refuses "who is not shut out cannot be let in" "not revoked" ferry node reinstate pump-1

# 4. Moving: planned, and then exactly that.
plan=$(json node move pump-1 --group line-2 --plan | jq -r .plan.id)
check "the plan has a name" test "${plan#move-}" != "$plan"
check "nothing has moved" bash -c "$(declare -f json); json node show pump-1 | jq -e '.group == \"line-1\"'"
refuses "another plan is not applied" "the world has moved" ferry node move pump-1 --group line-2 --plan-id move-0000000000000000
check "this one is" ferry node move pump-1 --group line-2 --plan-id "$plan"
check "the node is in the other group" bash -c "$(declare -f json); json node show pump-1 | jq -e '.group == \"line-2\"'"
check "the device renews" renew pump-1
check_contains "from the other group's authority" "$(issuer_of pump-1)" "line-2 CA"

# 5. New hardware in the place of the old, and out of the cloud.
check "new hardware takes the place" bash -c "$(declare -f json register of_cloud); url=$url data=$data work=$work; json node replace pump-2 | jq -r .token | register pump-2b >/dev/null"
check "it is the node now" answers pump-2b 200
check "the old device is not" answers pump-2 403
check "a node leaves the cloud" ferry node deregister pump-2
check "its certificate is worth nothing" answers pump-2b 403
check "the trail tells all of it" bash -c "$(declare -f json); json node history pump-2 |
  jq -e '[.value[].action] as \$seen | (\"node.registered\", \"node.deregistered\") | IN(\$seen[])'"
check "and of the workspace" bash -c "ferry node history | grep -q node.moved"

# 6. A group's authority is followed by another one; its devices renew, and nobody is without a certificate.
must "the group has three nodes" bash -c "$(declare -f json register node of_cloud); url=$url data=$data work=$work; for i in 1 2 3; do node fan-\$i line-2 >/dev/null || exit 1; done"
rollover=$(json cert rollover start --group line-2 --nodes-per-minute 600 | jq -r '.. | objects | .id? | strings | select(startswith("roll-"))' | head -1)
check "a rollover starts" test -n "$rollover"
following() { [ "$(json cert rollover status "$rollover" | jq -r '.. | objects | .state? | strings' | head -1)" = "$1" ]; }
check "the new authority issues" eventually 30 following following
for i in 1 2 3; do check "fan-$i renews" renew "fan-$i"; check "and is known by it" answers "fan-$i" 200; done
check "the moved node renews as well" renew pump-1
check "and is known by it" answers pump-1 200
check "the rollover ends by itself" eventually 40 following finished
check_contains "the certificates are the new authority's" "$(issuer_of fan-1)" "line-2 CA grp-"
check "one authority is retired" bash -c "$(declare -f json); json cert list | jq -e '[.. | objects | select(.use? == \"group-ca\" and .state == \"retired\")] | length == 1'"
finish
