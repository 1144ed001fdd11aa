#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# skopeo and dockerd, unmodified, against Drydock's Container Registry, over TLS.
#   skopeo_registry.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
. "$here/../lib/dockerd.sh"
bin=${1:?usage: skopeo_registry.sh BIN}
private_names "$@"

start_drydock "$bin" 127.0.84.2 || { not_ok "drydock starts"; finish; }
trap 'stop_dockerd; stop_drydock' EXIT
group=resourceGroups/conformance
registry=$group/providers/Microsoft.ContainerRegistry/registries/conformance
api=api-version=2023-07-01
arm PUT "$group?api-version=2021-04-01" '{"location":"westeurope"}' >/dev/null &&
  arm PUT "$registry?$api" \
    '{"location":"westeurope","sku":{"name":"Standard"},"properties":{"adminUserEnabled":true}}' >/dev/null &&
  arm POST "$registry/listCredentials?$api" >"$drydock_dir/admin.json" &&
  arm PUT "$registry/scopeMaps/line-1?$api" \
    '{"properties":{"actions":["repositories/line-1/*/content/read","repositories/line-1/*/metadata/read"]}}' >"$drydock_dir/map.json" &&
  arm PUT "$registry/tokens/line-1?$api" \
    "{\"properties\":{\"scopeMapId\":\"$(jq -r .id "$drydock_dir/map.json")\",\"status\":\"enabled\"}}" >"$drydock_dir/token-resource.json" &&
  arm POST "$registry/generateCredentials?$api" \
    "{\"tokenId\":\"$(jq -r .id "$drydock_dir/token-resource.json")\",\"name\":\"password1\"}" >"$drydock_dir/pull.json" ||
  { not_ok "Resource Manager makes a registry, a scope map and a token"; finish; }
ok "Resource Manager makes a registry, a scope map and a token"
refresh_names

host=conformance.$(environment suffixes.acrLoginServer)
export SSL_CERT_FILE=$ca
start_dockerd "$drydock_dir/d" || { not_ok "dockerd starts"; finish; }
export DOCKER_CONFIG=$drydock_dir/docker-config

# An image of two layers: a base that has content of some size, and a file on top.
mkdir -p "$drydock_dir/image/app"
"$here/../../examples/base-images/busybox.sh" "$drydock_dir/image/base.tar" || not_ok "the base image is made"
head -c 3000000 /dev/urandom >"$drydock_dir/image/app/data"
docker import "$drydock_dir/image/base.tar" local/base:1 >/dev/null
printf 'FROM local/base:1\nCOPY app /app\nCMD ["/bin/sh","-c","sha256sum /app/data"]\n' >"$drydock_dir/image/Dockerfile"
check "an image is built to work with" env DOCKER_BUILDKIT=0 docker build -q -t local/app:1 "$drydock_dir/image"

# login_file FILE: an auth file as skopeo and docker write it.
login_file() {
  jq --arg host "$host" '{auths: {($host): {auth: ("\(.username):\(.passwords[0].value)" | @base64)}}}' "$1"
}
login_file "$drydock_dir/admin.json" >"$drydock_dir/admin-auth.json"
login_file "$drydock_dir/pull.json" >"$drydock_dir/pull-auth.json"

copy() { skopeo --insecure-policy copy --quiet "$@"; }
inspect() { skopeo inspect --no-tags --authfile "$1" --format '{{.Digest}}' "$2"; }

check "skopeo copies an image in" copy --src-daemon-host "$DOCKER_HOST" --dest-authfile "$drydock_dir/admin-auth.json" \
  docker-daemon:local/app:1 "docker://$host/line-1/app:1"
check "skopeo copies it out again" copy --src-authfile "$drydock_dir/pull-auth.json" \
  "docker://$host/line-1/app:1" "oci:$drydock_dir/out:1"
check "skopeo copies it in again, as OCI and to another repository" copy --dest-authfile "$drydock_dir/admin-auth.json" \
  "oci:$drydock_dir/out:1" "docker://$host/line-2/app:1"
check "skopeo copies between repositories" copy --src-authfile "$drydock_dir/admin-auth.json" \
  --dest-authfile "$drydock_dir/admin-auth.json" "docker://$host/line-2/app:1" "docker://$host/line-1/app:2"
check_contains "skopeo lists the tags" \
  "$(skopeo list-tags --authfile "$drydock_dir/pull-auth.json" "docker://$host/line-1/app" 2>&1 | tr -d ' \n')" \
  '"Tags":["1","2"]'
refused=$(copy --src-authfile "$drydock_dir/pull-auth.json" "docker://$host/line-2/app:1" "oci:$drydock_dir/no:1" 2>&1)
check_contains "a group's token does not pull another group's image" "$refused" "unauthorized"
refused=$(copy --dest-authfile "$drydock_dir/pull-auth.json" "oci:$drydock_dir/out:1" "docker://$host/line-1/app:3" 2>&1)
check_contains "a group's token does not push" "$refused" "unauthorized"

login() {
  jq -rj '.passwords[0].value' "$drydock_dir/$1.json" |
    docker login --username "$(jq -r .username "$drydock_dir/$1.json")" --password-stdin "$host"
}
check "docker logs in with a group's token" login pull
docker image rm local/app:1 >/dev/null
digest=$(inspect "$drydock_dir/pull-auth.json" "docker://$host/line-1/app:2")
check "dockerd pulls by digest" docker pull -q "$host/line-1/app@$digest"
check_contains "what was pulled runs" "$(docker run --rm --network none "$host/line-1/app@$digest" 2>&1)" \
  "$(sha256sum <"$drydock_dir/image/app/data" | cut -d' ' -f1)"
check "dockerd pulls by tag" docker pull -q "$host/line-1/app:1"
docker tag "$host/line-1/app:1" "$host/pushed/app:1"
if docker push -q "$host/pushed/app:1" >/dev/null 2>&1; then
  not_ok "docker does not push with a group's token"
else
  ok "docker does not push with a group's token"
fi
check "docker logs in as the admin user" login admin
check "docker pushes" docker push -q "$host/pushed/app:1"

kill_drydock
launch_drydock || not_ok "drydock starts again after kill -9"
docker image rm -f "$(docker image ls -q --no-trunc "$host/pushed/app")" >/dev/null 2>&1
check "everything pushed is there after kill -9" docker pull -q "$host/pushed/app:1"
finish
