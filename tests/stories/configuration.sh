#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What layers say of a component, until its container has it: workspace, deployment, group, node; and what a
# plan says of it before.
#   tests/stories/configuration.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
. "$lib/dockerd.sh"
port=29443
. "$lib/ferry.sh"

variable() { # MODULE NAME: as its container has it
  docker inspect "$(container_of "$1")" --format '{{range .Config.Env}}{{println .}}{{end}}' | sed -n "s/^$2=//p"
}
has() { [ "$(variable sampler "$1")" = "$2" ]; }
effective() { ferry config show sampler "$@" --output json | jq -r '.value[] | select(.setting == "rate") | "\(.value) \(.layer) \(.owner)"'; }
plan_of() { "$@" --plan --output json; }

cp -r "$root/examples/components/sampler" "$work/sampler"
make -sC "$work/sampler" >/dev/null 2>&1
jq 'del(.build, .env) | .files = ["sampler"] | .configuration = {properties: {
    rate: {type: "integer", minimum: 1, maximum: 1000, default: 10},
    site: {type: "string", env: "PLANT_SITE"}}}' \
  "$root/examples/components/sampler/component.json" >"$work/sampler/component.json"

start_dockerd "$work/d" && ok "a Docker engine starts" || { not_ok "a Docker engine starts"; finish; }
ferry_up
must "a workspace is provisioned" ferry workspace create plant-a --location westeurope
must "a group is made" ferry group create line-1
must "a component is published with a schema" ferry component publish "$work/sampler"
FERRY_NODE_TOKEN=$(ferry node create pump-7 --group line-1 --output json | jq -r .token) \
  ferry-agent register --server "$url" --ca-file "$data/ferryd/ca.pem" --data "$work/agent" >>"$work/agent.log" 2>&1
agent_run "$work/agent" --environment-ca "$(of_cloud caFile)"

check "it is deployed" ferry deploy sampler --group line-1
check "its container has the component's default" eventually 60 has RATE 10

must "the workspace sets it" ferry config set sampler rate=20 site=lyon
check "the container has it" eventually 30 has RATE 20
check "and a text as well" has PLANT_SITE lyon
must "the deployment sets it" ferry deploy sampler --group line-1 --set sampler.rate=30
check "the container has it" eventually 30 has RATE 30
must "a release without a word of it" ferry deploy sampler --group line-1
check "keeps what the deployment says" test "$(effective --group line-1)" = "30 deployment default"

plan=$(plan_of ferry config set sampler --group line-1 rate=40)
check "a plan of the group's says what restarts" test \
  "$(jq -c '.groups[0].restarted' <<<"$plan")" = '[{"component":"sampler","version":"1.0.0","settings":[{"setting":"rate","from":30,"to":40}]}]'
check "and has sent nothing" has RATE 30
must "it is applied" ferry plan apply "$(jq -r .id <<<"$plan")"
check "the container has it" eventually 30 has RATE 40

refuses "one node alone cannot be configured: the hub would put it back" "cannot be set for node pump-7 alone" \
  ferry config set sampler --node pump-7 rate=50

refuses "what the schema forbids is refused" "sampler 1.0.0: rate" ferry config set sampler --group line-1 rate=5000
refuses "a misspelt setting too" "has no setting rat" ferry config set sampler --group line-1 rat=5
check "both leave the container alone" has RATE 40

# Labels and capabilities.
must "a second group is labelled" bash -c "ferry group create lab && ferry label set lab kind=lab"
must "a deployment selects by the label" ferry deploy sampler --name by-label --selector kind=lab
check "the group runs it" test "$(ferry group show lab --output json | jq -r '.compositions[0].components[0].name')" = sampler
refuses "losing the label would remove it" "would remove sampler" ferry label unset lab kind
check "with consent it does" ferry label unset lab kind --allow-removals
check "the group runs nothing" test "$(ferry group show lab --output json | jq -r '.compositions[0].components | length')" = 0
jq '.version = "1.1.0" | .requires = ["gpu"]' "$work/sampler/component.json" >"$work/m" && mv "$work/m" "$work/sampler/component.json"
must "a version that requires a gpu is published" ferry component publish "$work/sampler"
refuses "is refused where there is none" "requires gpu" ferry deploy sampler --group line-1
must "the group is said to have one" ferry capability add gpu --group line-1
check "then it is deployed" ferry deploy sampler --group line-1
refuses "and the capability is in use" "requires gpu" ferry capability remove gpu --group line-1

check "a simulation keeps nothing" test "$(ferry simulate \
  "$(plan_of ferry config set sampler rate=60 | jq -r .id)" "$(plan_of ferry deployment rollback default | jq -r .id)" \
  --output json | jq '.value | length')" = 2
check "the disk's room is reported" test "$(ferry deploy sampler --group line-1 --plan --output json | jq '.groups[0].disk.unknown')" = 0
finish
