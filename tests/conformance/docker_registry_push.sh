#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Ferry's registry client stores images in Debian's docker-registry; skopeo reads them back.
#   docker_registry_push.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
bin=${1:?usage: docker_registry_push.sh BIN}
client=$bin/conformance/registry_client

dir=$(mktemp -d)
registry=
cleanup() {
  [ -n "$registry" ] && kill "$registry" 2>/dev/null && wait "$registry" 2>/dev/null
  rm -rf "$dir"
}
trap cleanup EXIT

port=$((20000 + $$ % 20000))
cat >"$dir/config.yml" <<EOF
version: 0.1
log: {level: error}
storage:
  filesystem: {rootdirectory: $dir/data}
  delete: {enabled: true}
http: {addr: "127.0.0.1:$port"}
EOF
docker-registry serve "$dir/config.yml" >"$dir/registry.log" 2>&1 &
registry=$!
host=127.0.0.1:$port
if eventually 15 curl -sf "http://$host/v2/"; then
  ok "docker-registry answers"
else
  not_ok "docker-registry answers" "$(cat "$dir/registry.log")"
  finish
fi

mkdir -p "$dir/root/bin" "$dir/root/etc"
echo root:x:0:0::/:/bin/sh >"$dir/root/etc/passwd"
cp /bin/true "$dir/root/bin/true"
tar -C "$dir/root" -czf "$dir/root.tar.gz" .

if "$client" "$host" "$dir/root.tar.gz" >"$dir/pushed" 2>"$dir/errors"; then
  ok "a base image, an image on it, one without base and an index are stored"
else
  not_ok "a base image, an image on it, one without base and an index are stored" "$(cat "$dir/errors")"
  finish
fi

skopeo_registry() { skopeo --insecure-policy "$@"; }
while read -r image digest; do
  seen=$(skopeo_registry inspect --tls-verify=false --format '{{.Digest}}' "docker://$host/$image" 2>&1)
  check_contains "skopeo sees $image under the same digest" "$seen" "$digest"
done <"$dir/pushed"

check "skopeo copies the image with its base" \
  skopeo_registry copy --quiet --src-tls-verify=false "docker://$host/app/one:1" "oci:$dir/copy:1"
check "skopeo copies the image without base" \
  skopeo_registry copy --quiet --src-tls-verify=false "docker://$host/app/scratch:1" "dir:$dir/scratch"

files=
for layer in $(jq -r '.layers[].digest' "$dir/scratch/manifest.json" | cut -d: -f2); do
  files+=$(tar -tvf "$dir/scratch/$layer" --numeric-owner)$'\n'
done
check_contains "tar reads the layers: a program" "$files" "-rwxr-xr-x 0/0"
check_contains "tar reads the layers: a large file" "$files" "app/data"
config=$(skopeo_registry inspect --config --tls-verify=false "docker://$host/app/one:1")
check_contains "the configuration says how to run it" "$(jq -c .config.Entrypoint <<<"$config")" '["/bin/sh","/app/run.sh"]'
check_contains "the configuration has a diff_id per layer" "$(jq '.rootfs.diff_ids | length' <<<"$config")" 3

check "everything is read back, and a deleted image is gone" "$client" "$host" read-back

kill "$registry" && wait "$registry" 2>/dev/null
registry=
refused=$(timeout 60 "$client" "$host" "$dir/root.tar.gz" 2>&1) && not_ok "a registry that is down is an error"
check_contains "a registry that is down is named in the error" "$refused" "reach the registry $host"
finish
