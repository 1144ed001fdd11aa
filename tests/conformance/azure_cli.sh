#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Debian's azure-cli, unmodified, against Drydock: what a user would make by hand of what Ferry provisions.
#   azure_cli.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/az.sh"
bin=${1:?usage: azure_cli.sh BIN}
private_names "$@"

start_drydock "$bin" 127.0.84.8 || { not_ok "drydock starts"; finish; }
start_az
group=cli
hub=cli-hub dps=cli-dps account=clistorage registry=cliregistry namespace=cli-events

# shows NAME JQ COMMAND...: the command succeeds, and what it prints fulfils the expression.
shows() {
  local name=$1 expression=$2 output
  shift 2
  if ! output=$("$@" 2>&1); then not_ok "$name" "$output"; return; fi
  if jq -e "$expression" <<<"$output" >/dev/null 2>&1; then ok "$name"; else not_ok "$name" "wanted $expression of: $output"; fi
}
# does NAME COMMAND...: the command succeeds.
does() { shows "$1" 'true' sure "${@:2}"; }
sure() { "$@" >/dev/null && echo '{}'; }
refuses() {
  local name=$1 expected=$2 output
  shift 2
  if output=$("$@" 2>&1); then not_ok "$name" "succeeded: $output"; else check_contains "$name" "$output" "$expected"; fi
}

# 1. the cloud, and signing in
check "cloud register needs the Resource Manager's URL and two suffixes" az_cloud
refuses "a wrong secret is refused as Entra does" AADSTS7000215 \
  az login --service-principal -u "$(environment clientId)" -p wrong --tenant "$(environment tenantId)"
openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=robot -keyout "$drydock_dir/robot.key" \
  -out "$drydock_dir/robot.pem" 2>/dev/null
cat "$drydock_dir/robot.key" "$drydock_dir/robot.pem" >"$drydock_dir/robot.both.pem"
robot=$("$bin/drydock" application create robot --certificate "$drydock_dir/robot.pem" --data "$drydock_dir/data" --output json)
tenant=$(environment tenantId) subscription=$(environment subscriptionId)
scope=/subscriptions/$subscription
az_login
shows "login with a secret shows the subscription" ".[0].id == \"$subscription\" and .[0].tenantId == \"$tenant\"" az account list
shows "account get-access-token" '.accessToken and .tokenType == "Bearer"' az account get-access-token
shows "account list-locations" 'map(.name) | index("westeurope")' az account list-locations

# 2. resource groups, providers, locks, roles
shows "group create" '.properties.provisioningState == "Succeeded" and .location == "westeurope"' \
  az group create -n "$group" -l westeurope --tags team=edge
shows "group exists" '. == true' az group exists -n "$group"
shows "group show" '.tags.team == "edge"' az group show -n "$group"
shows "group update" '.tags.plant == "a"' az group update -n "$group" --set tags.plant=a
shows "group list" "map(.name) | index(\"$group\")" az group list
does "provider register" az provider register --namespace Microsoft.Devices --wait
shows "provider show" '.registrationState == "Registered"' az provider show --namespace Microsoft.Devices
shows "provider list" 'map(.namespace) | index("Microsoft.EventHub")' az provider list
shows "lock create" '.level == "CanNotDelete"' az lock create -n keep --lock-type CanNotDelete -g "$group"
refuses "a locked group is not deleted" ScopeLocked az group delete -n "$group" --yes
shows "lock list" 'map(.name) == ["keep"]' az lock list -g "$group"
does "lock delete" az lock delete -n keep -g "$group"
# Debian's `az role` stops before it sends anything ("no attribute 'config'"): its SDK is newer than it.
assignment=$scope/providers/Microsoft.Authorization/roleAssignments/$(cat /proc/sys/kernel/random/uuid)
contributor=$scope/providers/Microsoft.Authorization/roleDefinitions/b24988ac-6180-42a0-ab88-20f7382dd24c
shows "rest puts a role assignment" ".properties.principalId == $(jq .objectId <<<"$robot")" \
  az rest --method put --url "$assignment?api-version=2022-04-01" --body "{\"properties\":{
    \"principalId\":$(jq .objectId <<<"$robot"),\"principalType\":\"ServicePrincipal\",\"roleDefinitionId\":\"$contributor\"}}"
shows "rest gets a role definition" '.properties.roleName == "Contributor" and .properties.permissions[0].actions == ["*"]' \
  az rest --method get --url "$contributor?api-version=2022-04-01"

# 3. IoT Hub
shows "iot hub create" '.properties.state == "Active" and .sku.name == "S1" and .properties.eventHubEndpoints.events.partitionCount == 4' \
  az iot hub create -n "$hub" -g "$group" -l westeurope --sku S1
shows "iot hub show" '.properties.hostName | startswith("cli-hub.")' az iot hub show -n "$hub"
shows "iot hub list" "map(.name) == [\"$hub\"]" az iot hub list -g "$group"
shows "iot hub show-connection-string" '.connectionString | contains("SharedAccessKeyName=iothubowner")' \
  az iot hub show-connection-string -n "$hub"
shows "iot hub policy list" 'map(.keyName) | length == 5' az iot hub policy list --hub-name "$hub"
does "iot hub policy create" az iot hub policy create --hub-name "$hub" -n ferry --permissions ServiceConnect RegistryRead
shows "iot hub policy show" '.rights == "RegistryRead, ServiceConnect" or .rights == "ServiceConnect, RegistryRead"' \
  az iot hub policy show --hub-name "$hub" -n ferry
does "iot hub policy delete" az iot hub policy delete --hub-name "$hub" -n ferry
shows "iot hub consumer-group create" '.name == "ferry"' az iot hub consumer-group create --hub-name "$hub" -n ferry
shows "iot hub consumer-group list" 'map(.name) | sort == ["$Default", "ferry"]' az iot hub consumer-group list --hub-name "$hub"
does "iot hub consumer-group delete" az iot hub consumer-group delete --hub-name "$hub" -n ferry
shows "iot hub show-quota-metrics" 'map(.name) | index("TotalMessages")' az iot hub show-quota-metrics -n "$hub"
shows "iot hub list-skus" 'map(.sku.name) | index("S1")' az iot hub list-skus -n "$hub"

# 4. Event Hubs, and the hub's route to one
shows "eventhubs namespace create" '.provisioningState == "Succeeded" and .status == "Active"' \
  az eventhubs namespace create -n "$namespace" -g "$group" -l westeurope --sku Standard --capacity 1 --minimum-tls-version 1.2
shows "eventhubs namespace exists" '.nameAvailable == false' az eventhubs namespace exists --name "$namespace"
shows "eventhubs eventhub create" '.partitionCount == 4 and .status == "Active"' \
  az eventhubs eventhub create -n telemetry --namespace-name "$namespace" -g "$group" --partition-count 4 --message-retention 1
shows "eventhubs eventhub list" 'map(.name) == ["telemetry"]' az eventhubs eventhub list --namespace-name "$namespace" -g "$group"
shows "eventhubs eventhub authorization-rule create" '.rights == ["Send"]' \
  az eventhubs eventhub authorization-rule create -n hub-send --eventhub-name telemetry --namespace-name "$namespace" -g "$group" --rights Send
shows "eventhubs eventhub authorization-rule keys list" '.primaryConnectionString | endswith(";EntityPath=telemetry")' \
  az eventhubs eventhub authorization-rule keys list -n hub-send --eventhub-name telemetry --namespace-name "$namespace" -g "$group"
send=$(az eventhubs eventhub authorization-rule keys list -n hub-send --eventhub-name telemetry --namespace-name "$namespace" -g "$group" | jq -r .primaryConnectionString)
shows "eventhubs eventhub consumer-group create" '.name == "analytics"' \
  az eventhubs eventhub consumer-group create -n analytics --eventhub-name telemetry --namespace-name "$namespace" -g "$group"
shows "eventhubs eventhub consumer-group list" 'map(.name) | sort == ["$Default", "analytics"]' \
  az eventhubs eventhub consumer-group list --eventhub-name telemetry --namespace-name "$namespace" -g "$group"
does "iot hub routing-endpoint create" az iot hub routing-endpoint create --hub-name "$hub" -g "$group" -n fleet -t eventhub \
  -r "$group" -s "$subscription" -c "$send"
does "iot hub route create" az iot hub route create --hub-name "$hub" -g "$group" -n all -s devicemessages --en fleet -e true -c true
shows "iot hub route list" 'map(.name) == ["all"]' az iot hub route list --hub-name "$hub" -g "$group"
shows "iot hub route test" '.result == "true"' az iot hub route test --hub-name "$hub" -g "$group" -n all
does "iot hub message-enrichment create" az iot hub message-enrichment create -n "$hub" -g "$group" --key group --value '$twin.tags.group' --endpoints fleet
shows "iot hub message-enrichment list" '.[0].key == "group"' az iot hub message-enrichment list -n "$hub" -g "$group"

# 5. Device Provisioning
shows "iot dps create" '.properties.state == "Active" and (.properties.idScope | startswith("0ne"))' \
  az iot dps create -n "$dps" -g "$group" -l westeurope
does "iot dps linked-hub create" az iot dps linked-hub create --dps-name "$dps" -g "$group" --hub-name "$hub"
shows "iot dps linked-hub list" 'length == 1 and (.[0].name | startswith("cli-hub."))' az iot dps linked-hub list --dps-name "$dps" -g "$group"
shows "iot dps policy list" '.[0].keyName == "provisioningserviceowner"' az iot dps policy list --dps-name "$dps" -g "$group"
shows "iot dps certificate create" '.name == "plant" and .properties.isVerified == false' \
  az iot dps certificate create --dps-name "$dps" -g "$group" -n plant -p "$drydock_dir/robot.pem"
etag=$(az iot dps certificate show --dps-name "$dps" -g "$group" -n plant | jq -r .etag)
shows "iot dps certificate generate-verification-code" '.properties.verificationCode | length == 48' \
  az iot dps certificate generate-verification-code --dps-name "$dps" -g "$group" -n plant -e "$etag"
proof=$(az iot dps certificate generate-verification-code --dps-name "$dps" -g "$group" -n plant \
  -e "$(az iot dps certificate show --dps-name "$dps" -g "$group" -n plant | jq -r .etag)")
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=$(jq -r .properties.verificationCode <<<"$proof")" -keyout "$drydock_dir/proof.key" 2>/dev/null |
  openssl x509 -req -CA "$drydock_dir/robot.pem" -CAkey "$drydock_dir/robot.key" -CAcreateserial -days 2 -out "$drydock_dir/proof.pem" 2>/dev/null
shows "iot dps certificate verify" '.properties.isVerified == true' \
  az iot dps certificate verify --dps-name "$dps" -g "$group" -n plant -p "$drydock_dir/proof.pem" -e "$(jq -r .etag <<<"$proof")"
shows "iot dps list" "map(.name) == [\"$dps\"]" az iot dps list -g "$group"

# 6. Storage
shows "storage account create" '.provisioningState == "Succeeded" and .minimumTlsVersion == "TLS1_2" and .allowBlobPublicAccess == false' \
  az storage account create -n "$account" -g "$group" -l westeurope --sku Standard_LRS --kind StorageV2 --min-tls-version TLS1_2 --allow-blob-public-access false
shows "storage account show" '.primaryEndpoints.blob | startswith("https://clistorage.blob.")' az storage account show -n "$account" -g "$group"
shows "storage account keys list" 'length == 2' az storage account keys list -n "$account" -g "$group"
shows "storage account check-name" '.nameAvailable == false' az storage account check-name -n "$account"
refresh_names
export AZURE_STORAGE_ACCOUNT=$account
az_session_environment AZURE_STORAGE_KEY "$(az storage account keys list -n "$account" -g "$group" | jq -r '.[0].value')"
echo 'built by hand' >"$drydock_dir/blob.txt"
shows "storage container create" '.created == true' az storage container create -n plant-a --account-name "$account"
does "storage blob upload" az storage blob upload --account-name "$account" -c plant-a -n components/a/1.0.0/src/a.txt -f "$drydock_dir/blob.txt" --no-progress
shows "storage blob list" 'map(.name) == ["components/a/1.0.0/src/a.txt"]' az storage blob list --account-name "$account" -c plant-a
does "storage blob download" az storage blob download --account-name "$account" -c plant-a -n components/a/1.0.0/src/a.txt -f "$drydock_dir/back.txt" --no-progress
check "the blob comes back as it went" cmp "$drydock_dir/blob.txt" "$drydock_dir/back.txt"
shows "storage container list with a token of Entra" 'map(.name) == ["plant-a"]' az storage container list --account-name "$account" --auth-mode login
does "storage blob delete" az storage blob delete --account-name "$account" -c plant-a -n components/a/1.0.0/src/a.txt

# 7. Container Registry
shows "acr check-name" '.nameAvailable == true' az acr check-name -n "$registry"
shows "acr create" '.provisioningState == "Succeeded" and .adminUserEnabled == false' az acr create -n "$registry" -g "$group" --sku Standard
refresh_names
shows "acr show" '.loginServer | startswith("cliregistry.")' az acr show -n "$registry"
shows "acr list" "map(.name) == [\"$registry\"]" az acr list -g "$group"
shows "acr scope-map create" '.actions == ["repositories/line-1/content/read", "repositories/line-1/metadata/read"]' \
  az acr scope-map create -n line-1-pull -r "$registry" --repository line-1 content/read metadata/read
shows "acr token create" '.status == "enabled" and (.credentials.passwords | length == 2)' \
  az acr token create -n line-1 -r "$registry" --scope-map line-1-pull
shows "acr token credential generate" '.passwords[0].value | length > 20' az acr token credential generate -n line-1 -r "$registry" --password1
shows "acr token list" 'map(.name) == ["line-1"]' az acr token list -r "$registry"
shows "acr update" '.adminUserEnabled == true' az acr update -n "$registry" --admin-enabled true
shows "acr credential show" '.username == "cliregistry" and (.passwords | length == 2)' az acr credential show -n "$registry"
shows "acr login gives a token for docker" '.accessToken and .loginServer' az acr login -n "$registry" --expose-token
shows "acr repository list" '. == []' az acr repository list -n "$registry"
does "acr token delete" az acr token delete -n line-1 -r "$registry" --yes

# 8. the same as another application, with the key of its certificate
does "login with a certificate" az login --service-principal -u "$(jq -r .clientId <<<"$robot")" \
  -p "$drydock_dir/robot.both.pem" --tenant "$tenant"
shows "the other application sees the group by its role" '.location == "westeurope"' az group show -n "$group"
az_login

# 9. taking it away
does "iot dps delete" az iot dps delete -n "$dps" -g "$group"
does "iot hub delete" az iot hub delete -n "$hub" -g "$group"
does "eventhubs namespace delete" az eventhubs namespace delete -n "$namespace" -g "$group"
does "storage account delete" az storage account delete -n "$account" -g "$group" --yes
does "acr delete" az acr delete -n "$registry" -g "$group" --yes
shows "nothing is left in the group" '. == []' az resource list -g "$group"
does "group delete" az group delete -n "$group" --yes
shows "the group is gone" '. == false' az group exists -n "$group"
stop_az
finish
