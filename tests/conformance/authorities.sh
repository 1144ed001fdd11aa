#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ferry's authorities as programs see them that know nothing of Ferry: openssl makes keys and requests,
# judges every chain and plays the company whose root signs; curl registers devices with DPS by mutual TLS.
#   authorities.sh BIN
set -uo pipefail
bin=$(cd "${1:?usage: authorities.sh BIN}" && pwd)
root=$(cd "$(dirname "$0")/../.." && pwd)
. "$root/tests/lib/tap.sh"
PATH=$bin:$PATH
work=$(mktemp -d /tmp/ferry-pki.XXXX)
data=$work/data
export HOME=$work FERRY_PROFILE=$data/profile.json
up_pid=

cleanup() {
  [ -n "$up_pid" ] && kill "$up_pid" 2>/dev/null && wait "$up_pid" 2>/dev/null
  [ "$failed_checks" -gt 0 ] && tail -n 20 "$data"/logs/*.log "$work"/*.log 2>/dev/null | sed 's/^/#   /'
  rm -rf "$work"
}
trap cleanup EXIT

start_up() {
  ferry up --data "$data" --port 17443 >>"$work/up.log" 2>&1 &
  up_pid=$!
  eventually 60 curl -fsS --cacert "$data/ferryd/ca.pem" https://127.0.0.1:17443/healthz &&
    eventually 60 test -s "$data/profile.json"
}
api() { curl -sS --fail-with-body --cacert "$data/ferryd/ca.pem" "$@"; }

# key_of NAME OPENSSL-ARGUMENTS...
key_of() { openssl genpkey "${@:2}" -out "$work/$1.key" 2>/dev/null; }
# enroll NAME GROUP: a node's certificate by the public installer protocol, for the key NAME.key.
enroll() {
  local name=$1 token access
  token=$(ferry node create "$name" --group "$2" --output json | jq -r .token) || return 1
  openssl req -new -key "$work/$name.key" -subj "/CN=$name" -out "$work/$name.csr" || return 1
  access=$(jq -n --arg t "$token" '{token: $t}' |
    api --data @- https://127.0.0.1:17443/auth/login_node) || return 1
  jq -r '"Authorization: Bearer \(.access_token)"' <<<"$access" >"$work/$name.header"
  jq -r .registration_id <<<"$access" >"$work/$name.id"
  jq -n --rawfile csr "$work/$name.csr" '{csr: $csr}' |
    api --header @"$work/$name.header" --data @- https://127.0.0.1:17443/registration/azure/get_certificate \
      >"$work/$name.json" || { cat "$work/$name.json"; return 1; }
  jq -r .full_chain "$work/$name.json" >"$work/$name.pem"
}
# attest NAME: registers with DPS by the certificate alone; the status of the last answer.
attest() {
  local name=$1 id host scope url answer
  id=$(cat "$work/$name.id")
  host=$(jq -r .provisioning_host "$work/$name.json")
  scope=$(jq -r .id_scope "$work/$name.json")
  url=https://$host/$scope/registrations/$id
  dps() { curl -sS --fail-with-body --cacert "$cloud_ca" --cert "$work/$name.pem" --key "$work/$name.key" "$@"; }
  answer=$(dps --request PUT --header 'Content-Type: application/json' --data "{\"registrationId\":\"$id\"}" \
    "$url/register?api-version=2021-06-01") || { echo "$answer"; return 1; }
  for _ in $(seq 30); do
    answer=$(dps "$url/operations/$(jq -r .operationId <<<"$answer")?api-version=2021-06-01") || { echo "$answer"; return 1; }
    [ "$(jq -r .status <<<"$answer")" = assigned ] && return 0
    sleep 0.2
  done
  echo "$answer"
  return 1
}
# verifies NAME ROOT.pem: by openssl's own rules, strictly, as a client.
verifies() {
  openssl verify -x509_strict -purpose sslclient -CAfile "$2" -untrusted "$work/$1.pem" "$work/$1.pem"
}
trust_bundle() { ferry cert download trust-bundle --file "$1"; }
refuses() { # NAME EXPECTED COMMAND...
  local name=$1 expected=$2 output
  shift 2
  if output=$("$@" 2>&1); then not_ok "$name" "succeeded: $output"; else check_contains "$name" "$output" "$expected"; fi
}
rollover_is() { [ "$(ferry cert rollover status "$1" --output json | jq -r .state)" = "$2" ]; }
issuer_of() { openssl x509 -noout -issuer -in "$work/$1.pem"; }

start_up || { not_ok "Ferry and its cloud start"; finish; }
cloud_ca=$(jq -r .caFile "$data/drydock/environment.json")
check "a workspace stands" ferry workspace create plant-a --location westeurope
check "a group with EC P-256" ferry group create line-1
check "authorities made from now on have RSA keys" ferry cert policy --ca-key rsa-2048
check "a group with RSA" ferry group create line-2
check "a group takes P-256 keys alone" ferry cert policy --group line-1 --node-key ec-p256

key_of pump-1 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
key_of pump-2 -algorithm RSA -pkeyopt rsa_keygen_bits:2048
key_of pump-3 -algorithm RSA -pkeyopt rsa_keygen_bits:3072
check "a P-256 key gets its certificate" enroll pump-1 line-1
check "an RSA key gets its certificate from the RSA authority" enroll pump-2 line-2
refuses "an RSA key is refused where P-256 is asked for" "ec-p256" enroll pump-3 line-1
trust_bundle "$work/roots.pem" >/dev/null 2>&1
check "openssl verifies the EC chain strictly" verifies pump-1 "$work/roots.pem"
check "openssl verifies the RSA chain strictly" verifies pump-2 "$work/roots.pem"
check "DPS takes the EC chain" attest pump-1
check "DPS takes the RSA chain" attest pump-2
check "openssl reads an authority for clients alone" \
  grep -q "TLS Web Client Authentication" <(openssl crl2pkcs7 -nocrl -certfile "$work/pump-1.pem" |
    openssl pkcs7 -print_certs -text -noout | sed -n '/pathlen:0/,/Signature Algorithm/p')

check "ferry verifies the chain against the workspace" ferry cert verify "$work/pump-1.pem" --key "$work/pump-1.key"
check "ferry verifies it from files alone" \
  env FERRY_PROFILE=/nowhere ferry cert verify "$work/pump-1.pem" --ca "$work/roots.pem"
openssl x509 -in "$work/pump-1.pem" -out "$work/alone.pem"
refuses "a missing intermediate is named" "missing" ferry cert verify "$work/alone.pem"
refuses "an expired chain is named" "ended on" ferry cert verify "$work/pump-1.pem" --at 2099-01-01T00:00:00Z
refuses "another key is named" "private key" ferry cert verify "$work/pump-1.pem" --key "$work/pump-2.key"
refuses "another purpose is named" "server authentication" ferry cert verify "$work/pump-1.pem" --purpose server
check_contains "the radar sees what ends within a year" "$(ferry cert radar --within 370d)" pump-1
check_contains "the tree names the enrollment group" "$(ferry cert tree)" primary

rollover=$(ferry cert rollover start --group line-1 --output json | jq -r .rollover.id)
check "a rollover begins, and the new authority issues" eventually 30 rollover_is "$rollover" following
check "the old certificate still registers with DPS" attest pump-1
key_of pump-4 -algorithm EC -pkeyopt ec_paramgen_curve:P-256
check "a node gets its certificate from the new authority" enroll pump-4 line-1
check "and registers with DPS beside the old one" attest pump-4
check "openssl verifies the new chain" verifies pump-4 "$work/roots.pem"
[ "$(issuer_of pump-1)" != "$(issuer_of pump-4)" ] && ok "the two have different issuers" ||
  not_ok "the two have different issuers"
refuses "force shows what it would cost first" "1 nodes have not renewed" ferry cert rollover force "$rollover"
kill -9 "$(pgrep -P "$up_pid" -x ferryd)"
check "a killed ferryd comes back" eventually 60 rollover_is "$rollover" following
check "forced, it goes on" ferry cert rollover force "$rollover" --yes
check "and ends" eventually 60 rollover_is "$rollover" finished
refuses "DPS refuses the certificate of the old authority" 401 attest pump-1
check "and takes that of the new one" attest pump-4
refuses "the verdict on the old chain says what to do" "renewed" ferry cert verify "$work/pump-1.pem"

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 3650 -subj "/CN=Corporate Root" \
  -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$work/corporate.key" -out "$work/corporate.pem" 2>/dev/null
check "a request goes out" ferry cert authority export-csr --file "$work/plant-a.csr"
sign() { # DAYS EXTENSION: as the company does it
  openssl x509 -req -in "$work/plant-a.csr" -CA "$work/corporate.pem" -CAkey "$work/corporate.key" -CAcreateserial \
    -days "$1" -extfile <(printf '%s\n' "$2" subjectKeyIdentifier=hash authorityKeyIdentifier=keyid keyUsage=critical,keyCertSign,cRLSign) \
    -out "$work/signed.pem" 2>/dev/null && cat "$work/signed.pem" "$work/corporate.pem" >"$work/signed-chain.pem"
}
sign 3000 basicConstraints=critical,CA:TRUE,pathlen:0
refuses "too short a path is refused" "allows 0" ferry cert authority import-chain "$work/signed-chain.pem"
sign 10 basicConstraints=critical,CA:TRUE,pathlen:1
refuses "too short a life is refused" "too soon" ferry cert authority import-chain "$work/signed-chain.pem"
check_contains "the request waits on" "$(ferry cert authority pending)" plant-a
sign 3000 basicConstraints=critical,CA:TRUE,pathlen:1
imported=$(ferry cert authority import-chain "$work/signed-chain.pem" --output json | jq -r .rollover.id)
check "the signed chain comes in" eventually 30 rollover_is "$imported" following
check "a group below the company's root" ferry group create line-3
key_of pump-5 -algorithm EC -pkeyopt ec_paramgen_curve:P-384
check "a node below the company's root" enroll pump-5 line-3
check "openssl verifies it against that root alone" verifies pump-5 "$work/corporate.pem"
check "DPS takes it" attest pump-5
finish
