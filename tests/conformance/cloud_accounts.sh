#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Cloud accounts with every kind of credential, against Drydock's Entra ID and Resource Manager: certificates that
# openssl makes, the token of a signed-in Debian az, a sign-in by code. Then the preflight, the role, and the master key;
# and that no secret is in files, logs or process lists.
#   cloud_accounts.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/az.sh"
bin=${1:?usage: cloud_accounts.sh BIN}
private_names "$@"
bin=$(cd "$bin" && pwd)
export PATH=$bin:$PATH

drydock_options=(--imds-port 8169)
start_drydock "$bin" 127.0.84.11 || { not_ok "drydock starts"; finish; }
work=$drydock_dir/ferry
data=$work/data
mkdir -p "$work"
export FERRY_PROFILE=$data/profile.json

# What the platform around ferryd says of itself: a machine with an identity, a workload's token, a signed-in az.
application() { drydock application "$@" --data "$drydock_dir/data" --output json; }
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=robot -keyout "$work/robot.key" \
  -out "$work/robot.pem" 2>/dev/null
cat "$work/robot.pem" "$work/robot.key" >"$work/robot.both.pem"
robot_client=$(application create robot --certificate "$work/robot.pem" | jq -r .clientId)
cluster_client=$(application create cluster | jq -r .clientId)

encode() { openssl base64 -A | tr '+/' '-_' | tr -d '='; }
openssl genrsa -out "$work/issuer.key" 2048 2>/dev/null
modulus=$(openssl rsa -in "$work/issuer.key" -noout -modulus | cut -d= -f2 | xxd -r -p | encode)
jq -n --arg n "$modulus" '{keys: [{kty: "RSA", use: "sig", alg: "RS256", kid: "one", n: $n, e: "AQAB"}]}' >"$work/jwks.json"
drydock application federate "$cluster_client" --issuer https://cluster.example --subject system:ferry \
  --keys "$work/jwks.json" --data "$drydock_dir/data" >/dev/null
claims=$(jq -cn '{iss: "https://cluster.example", sub: "system:ferry", aud: "api://AzureADTokenExchange",
  iat: now | floor, nbf: now | floor, exp: (now + 3600) | floor}')
signed=$(printf '{"alg":"RS256","typ":"JWT","kid":"one"}' | encode).$(printf %s "$claims" | encode)
printf '%s.%s' "$signed" "$(printf %s "$signed" | openssl dgst -sha256 -sign "$work/issuer.key" -binary | encode)" \
  >"$work/workload.token"

start_az
check "az is signed in" az_cloud
az_login
export AZURE_POD_IDENTITY_AUTHORITY_HOST
AZURE_POD_IDENTITY_AUTHORITY_HOST=$(environment managedIdentity.podIdentityAuthorityHost)

start_ferry() {
  rm -f "$FERRY_PROFILE"
  ferry up --data "$data" --port 28443 --no-drydock >>"$work/up.log" 2>&1 &
  up_pid=$!
  if eventually 30 ferry cloud-account list; then ok "$1"; else not_ok "$1" "$(tail -5 "$work/up.log")"; fi
}
stop_ferry() { [ -n "${up_pid:-}" ] && kill "$up_pid" 2>/dev/null && wait "$up_pid" 2>/dev/null; }
trap 'stop_ferry; stop_drydock' EXIT
start_ferry "ferryd starts"

connect() { # NAME KIND OPTION...
  ferry cloud-account create "$1" --resource-manager "$(environment resourceManager)" --ca-file "$ca" \
    --tenant "$(environment tenantId)" --subscription "$(environment subscriptionId)" --credential "${@:2}"
}
usable() { ferry cloud-account locations "$1" --output json | jq -e '.value | length > 3'; }

check "a client secret connects" connect secret client-secret --client "$(environment clientId)" \
  < <(environment clientSecret)
# The others may do exactly what Ferry's role says.
role=$(ferry cloud-account role secret)
check "the role is ready for az role definition create" jq -e \
  '.IsCustom and (.Actions | length > 40) and (.AssignableScopes | length == 1)' <<<"$role"
role_id=providers/Microsoft.Authorization/roleDefinitions/6ba7b810-9dad-41d1-80b4-00c04fd430c8
define_role() {
  arm PUT "$role_id?api-version=2022-04-01" "$(jq '{properties: {roleName: .Name, description: .Description,
    type: "CustomRole", assignableScopes: .AssignableScopes, permissions: [{actions: .Actions, notActions: .NotActions,
    dataActions: .DataActions, notDataActions: .NotDataActions}]}}' <<<"$role")"
}
assign_role() { # OBJECT-ID TYPE
  arm PUT "providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)?api-version=2022-04-01" \
    "{\"properties\": {\"principalId\": \"$1\", \"principalType\": \"$2\",
      \"roleDefinitionId\": \"/subscriptions/$(environment subscriptionId)/$role_id\"}}" >/dev/null
}
output=$(connect certificate client-certificate --client "$robot_client" --certificate-file "$work/robot.both.pem" 2>&1)
check_contains "without a role the refusal says what to do" "$output" "ferry cloud-account role"
check "the role is defined" define_role
while read -r principal kind; do
  [ "$kind" = user ] && type=User || type=ServicePrincipal
  check "and assigned to this $kind" assign_role "$principal" "$type"
done < <(application list | jq -r '.[] | select(.name != "drydock") | "\(.objectId) \(.kind)"')

check "a certificate connects" connect certificate client-certificate --client "$robot_client" \
  --certificate-file "$work/robot.both.pem"
check "the machine's identity connects" connect machine managed-identity
check "a workload's token connects" connect workload workload-identity --client "$cluster_client" \
  --token-file "$work/workload.token"
check "the token of a signed-in az connects" connect az azure-cli

connect person device-code >"$work/person.out" 2>"$work/person.err" &
person=$!
user_code() { grep -oE '\b[A-Z0-9]{8,9}\b' "$work/person.err" | tail -1; }
check "a sign-in shows its code" eventually 20 grep -qE '\b[A-Z0-9]{8,9}\b' "$work/person.err"
drydock device-login approve "$(user_code)" --data "$drydock_dir/data" >/dev/null
if wait "$person"; then
  ok "and connects when the person has entered it"
else
  not_ok "and connects when the person has entered it" "$(cat "$work/person.err")"
fi
for account in secret certificate machine workload az person; do
  check "account $account is of use" usable "$account"
done

other=$(openssl req -x509 -newkey rsa:2048 -nodes -days 3 -subj /CN=other -keyout /dev/stdout 2>/dev/null)
if output=$(connect stranger client-certificate --client "$robot_client" --certificate-file - <<<"$other" 2>&1); then
  not_ok "a certificate that the application does not know is refused"
else
  check_contains "a certificate that the application does not know is refused" "$output" AADSTS700027
fi

check "the credential can be replaced" ferry cloud-account update secret --credential client-certificate \
  --client "$robot_client" --certificate-file "$work/robot.both.pem"
check "and is used from then on" usable secret
check "the account tells its kind and no more" test "$(ferry cloud-account show secret --output json |
  jq -c '[.credential.kind, has("clientSecret"), has("secret")]')" = '["client-certificate",false,false]'

check "a preflight passes with exactly that role" ferry cloud-account preflight certificate --location westeurope \
  --event-hubs --register-providers
check "and a workspace is made and deleted with it" eval 'ferry workspace create plant-a --location westeurope \
  --cloud-account certificate && ferry workspace delete plant-a --yes'
if output=$(ferry cloud-account preflight secret --location atlantis --sku B1 2>&1); then
  not_ok "an unknown region and a Basic hub do not pass"
else
  check_contains "an unknown region does not pass" "$output" atlantis
  check_contains "nor does a Basic hub, with the reason" "$output" twins
fi
check "the rate limits are shown" jq -e '[.value[].name] | index("writes") and index("reads")' \
  <(ferry cloud-account throttles secret --output json)

# No secret in files, logs, process lists.
environment clientSecret >"$work/planted"
sed -n '2,4p' "$work/robot.key" >>"$work/planted"
cat "$work/workload.token" >>"$work/planted"
for place in "$data" "$work/up.log"; do
  if found=$(grep -raFl -f "$work/planted" "$place"); then
    not_ok "no secret is in $(basename "$place")" "$found"
  else
    ok "no secret is in $(basename "$place")"
  fi
done
if tr '\0' ' ' <"/proc/$(pgrep -P "$up_pid" -x ferryd)/cmdline" | grep -qF -f "$work/planted"; then
  not_ok "no secret is in ferryd's arguments"
else
  ok "no secret is in ferryd's arguments"
fi

# The master key.
ferryd_data=$(dirname "$(find "$data" -name master.key)")
if output=$(ferryd rotate-master-key --data "$ferryd_data" 2>&1); then
  not_ok "the master key is not changed under a running ferryd"
else
  check_contains "the master key is not changed under a running ferryd" "$output" "stop ferryd"
fi
stop_ferry
cp "$ferryd_data/master.key" "$work/old.key"
check "the master key changes" ferryd rotate-master-key --data "$ferryd_data"
if output=$(timeout 20 ferryd serve --data "$ferryd_data" --port 28444 --master-key "file:$work/old.key" 2>&1); then
  not_ok "the old one is refused"
else
  check_contains "the old one is refused" "$output" "does not open the data"
fi
start_ferry "ferryd starts with the new one"
check "and accounts are of use" usable certificate
stop_az
finish
