#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# How a device comes to Ferry, against a real ferryd and Drydock: by the installer script, in a clean root, with
# dash and with busybox; for Ferry's agent and for Microsoft's runtime; by a bundle; without any network; and with
# power lost at every step on the disk.
#   tests/stories/device_install.sh BIN
set -uo pipefail
lib=$(dirname "$0")/../lib
. "$lib/tap.sh"
. "$lib/ferry.sh"

fails() { ! "$@"; }
# new_node NAME: makes it and writes its token where the installer finds it.
new_node() { ferry node create "$1" --group line-1 --output json >"$work/$1.json" && jq -r .token "$work/$1.json" >"$work/$1.token"; }
registration_of() { jq -r .registrationId "$work/$1.json"; }
known_leaves() { curl -fsS --cacert "$data/ferryd/ca.pem" -H @"$work/auth" "$url/api/v1/workspaces/plant-a/certificates" |
  jq -r --arg s "$1" '.value[] | select(.use=="node" and .subject==$s) | .sha256Thumbprint' | tr 'a-f' 'A-F'; }
key_fits() { diff <(jq -r .chain "$1/registration.json" | openssl x509 -noout -pubkey) <(openssl pkey -in "$1/device.key.pem" -pubout); }
toml() { python3 -c 'import sys, tomllib, json; print(json.dumps(tomllib.load(open(sys.argv[1], "rb"))))' "$1"; }
# As `curl | sudo sh -s -- ARGUMENTS` does it, with the shell that is named first.
install_with() { local shell=$1; shift; $shell -s -- --cloud-ca-file "$cloud_ca" "$@" <"$work/install.sh"; }

ferry_up
cloud_ca=$(of_cloud caFile)
(umask 077; jq -r '"Authorization: Bearer " + .token' "$data/profile.json" >"$work/auth")
check "a workspace and a group are there" bash -c "ferry workspace create plant-a --location westeurope && ferry group create line-1"

# 1. The script, as a device gets it that trusts nobody yet.
info=$(curl -fsS --cacert "$data/ferryd/ca.pem" $url/install/info)
pin=$(jq -r .publicKeyPin <<<"$info")
new_node pump-1
command=$(jq -r .installCommand "$work/pump-1.json")
check "node create prints the command for a device that has nothing" \
  test "$command" = "curl -fsSLk --pinnedpubkey $pin $url/install.sh | sudo sh -s --"
check "the script comes over a connection that is known by its key" \
  curl -fsSLk --pinnedpubkey "$pin" -o "$work/install.sh" $url/install.sh
check "another key is refused" fails curl -fsSLk --pinnedpubkey "sha256//$(printf x | base64)" -o /dev/null $url/install.sh
if command -v shellcheck >/dev/null; then check "shellcheck finds nothing in it" shellcheck -s sh "$work/install.sh"; fi
check "the program comes with its digest" bash -c "curl -fsS --cacert '$data/ferryd/ca.pem' $url/install/ferry-agent/linux-amd64 | sha256sum |
  grep -q \"\$(curl -fsS --cacert '$data/ferryd/ca.pem' $url/install/ferry-agent/linux-amd64.sha256 | cut -d' ' -f1)\""
head -c 3000 "$work/install.sh" >"$work/half.sh"
check "half a script does nothing" bash -c "sh -s -- --root '$work/half' <'$work/half.sh' >/dev/null 2>&1; test ! -e '$work/half'"
check "the dry run says what would be" bash -c "sh -s -- --root '$work/r0' --dry-run <'$work/install.sh' | grep -q 'would write $work/r0/usr/local/bin/ferry-agent'"
check "and does nothing" test ! -e "$work/r0"
refuses "an unknown option is refused" "no option" sh -s -- --frobnicate <"$work/install.sh"

# 2. With dash, for Ferry's agent.
r=$work/r1
check "it installs and registers" install_with dash --root "$r" --token-file "$work/pump-1.token"
check "the program is there" cmp "$r/usr/local/bin/ferry-agent" "$bin/ferry-agent"
check "the device is the node" test "$(jq -r .registrationId "$r/var/lib/ferry-agent/registration.json")" = "$(registration_of pump-1)"
check "key and certificate fit" key_fits "$r/var/lib/ferry-agent"
check "files are for their owner alone" test -z "$(find "$r/var/lib/ferry-agent" -type f ! -perm 600)"
command -v systemd-analyze >/dev/null &&
  check "the unit is well formed" bash -c "sed 's,/usr/local/bin/ferry-agent,$bin/ferry-agent,' '$r/etc/systemd/system/ferry-agent.service' >'$work/ferry-agent.service' &&
  ! systemd-analyze verify '$work/ferry-agent.service' 2>&1 | grep ferry-agent.service"
exposure() { systemd-analyze security --offline=true "$work/ferry-agent.service" 2>/dev/null | grep -oE '[0-9.]+ (OK|MEDIUM|EXPOSED|UNSAFE|SAFE)' | tail -1; }
command -v systemd-analyze >/dev/null && echo "# exposure of the unit as systemd judges it: $(exposure)"
before=$(leaf_of "$r/var/lib/ferry-agent")
again=$(install_with dash --root "$r" 2>&1)
check_contains "the second run finds the program" "$again" "is there already"
check_contains "and the registration, without a token" "$again" "already registered as $(registration_of pump-1)"
check "the certificate is the same" test "$(leaf_of "$r/var/lib/ferry-agent")" = "$before"

# 3. With busybox, token by the environment; a program that is not what was promised.
new_node pump-2
check "busybox sh installs" env FERRY_NODE_TOKEN="$(cat "$work/pump-2.token")" busybox sh -s -- --root "$work/r2" --runtime none <"$work/install.sh"
check "without a runtime there is no unit" test ! -e "$work/r2/etc"
sed -E 's/(linux-[a-z0-9]+\) echo )[0-9a-f]{64}/\1'"$(printf 'f%.0s' {1..64})"'/' "$work/install.sh" >"$work/other.sh"
refuses "another program than promised is refused" "not the program" sh -s -- --root "$work/r3" <"$work/other.sh"
check "and not installed" test ! -e "$work/r3/usr/local/bin/ferry-agent"

# 4. Microsoft's runtime, with a configuration that is there already.
new_node pump-3
r=$work/r4
mkdir -p "$r/etc/aziot"
cat >"$r/etc/aziot/config.toml" <<'EOF'
# My own name for it
hostname = "crane-07.plant.local"
[agent]
name = "edgeAgent" # keep
env = { UpstreamProtocol = "Mqtt" }
text = """
[provisioning]
"""
EOF
cp "$r/etc/aziot/config.toml" "$work/mine.toml"
# On a machine that has the users of Microsoft's services.
{ cat /etc/passwd; printf 'aziot%s:x:97%d:97%d::/:/bin/false\n' cs 1 1 ks 2 2 id 3 3; } >"$work/passwd"
{ cat /etc/group; printf 'aziot%s:x:97%d:\n' cs 1 ks 2 id 3; } >"$work/group"
export -f install_with
export work cloud_ca
check "the runtime is configured" unshare --mount --propagation private bash -c "mount --bind '$work/passwd' /etc/passwd &&
  mount --bind '$work/group' /etc/group && install_with sh --root '$r' --runtime iotedge --token-file '$work/pump-3.token'"
owner() { stat -c %u:%g "$r/$1"; }
check "the key belongs to the keys service" test "$(owner var/aziot/secrets) $(owner var/aziot/secrets/ferry-identity.key.pem)" = "972:972 972:972"
check "the certificate to the certificates service" test "$(owner var/aziot/certs/ferry-identity.pem)" = 971:971
config=$(toml "$r/etc/aziot/config.toml")
check "a TOML parser reads the provisioning" jq -e --arg id "$(registration_of pump-3)" '
  .provisioning.source == "dps" and (.provisioning.global_endpoint | startswith("https://")) and
  (.provisioning.id_scope | startswith("0ne")) and .provisioning.attestation.method == "x509" and
  .provisioning.attestation.registration_id == ($id | ascii_downcase) and
  .provisioning.attestation.identity_cert == "file:///var/aziot/certs/ferry-identity.pem" and
  .provisioning.attestation.identity_pk == "file:///var/aziot/secrets/ferry-identity.key.pem" and
  .provisioning.payload.uri == "file:///etc/aziot/ferry-payload.json"' <<<"$config"
check "and all that was there before" jq -e '.hostname == "crane-07.plant.local" and .agent.env.UpstreamProtocol == "Mqtt" and .agent.text == "[provisioning]\n"' <<<"$config"
check "a copy of the old file is kept" bash -c "cmp '$work/mine.toml' '$r'/etc/aziot/config.toml.before-ferry-*"
check "the runtime's key fits its certificate" diff <(openssl x509 -in "$r/var/aziot/certs/ferry-identity.pem" -noout -pubkey) <(openssl pkey -in "$r/var/aziot/secrets/ferry-identity.key.pem" -pubout)
check "the key is closed to others" test "$(stat -c %a "$r/var/aziot/secrets/ferry-identity.key.pem")" = 600
check "the payload is a JSON object" jq -e 'type == "object"' "$r/etc/aziot/ferry-payload.json"
check "a timer renews" test -f "$r/etc/systemd/system/ferry-agent-renew.timer"
check "the edge CA comes from Ferry and renews by itself" jq -e --arg url "$url/.well-known/est/edge-ca" '
  .edge_ca.method == "est" and .edge_ca.url == $url and .edge_ca.auto_renew == {rotate_key: true, threshold: "80%", retry: "4%"} and
  .edge_ca.identity_cert == "file:///var/aziot/certs/ferry-identity.pem" and .edge_ca.identity_pk == "file:///var/aziot/secrets/ferry-identity.key.pem" and
  .cert_issuance.est.trusted_certs == ["file:///var/aziot/certs/ferry-server-ca.pem"]' <<<"$config"
# As Microsoft's certificates service asks, with the files that the configuration names.
file_of() { jq -r "$1" <<<"$config" | sed "s,^file://,$r,"; }
est() { curl -fsS --cacert "$(file_of '.cert_issuance.est.trusted_certs[0]')" --cert "$(file_of .edge_ca.identity_cert)" --key "$(file_of .edge_ca.identity_pk)" "$@"; }
pem_of_cms() { { echo "-----BEGIN PKCS7-----"; cat; echo "-----END PKCS7-----"; } | openssl pkcs7 -print_certs; }
est_url=$(jq -r .edge_ca.url <<<"$config")
openssl req -new -newkey rsa:2048 -nodes -keyout "$work/edge.key" -subj /CN=whatever -outform DER 2>/dev/null \
  -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign | base64 -w0 >"$work/edge.csr"
enroll() { est -D "$work/est.headers" -H 'Content-Type: application/pkcs10' -H 'Content-Transfer-Encoding: base64' --data-binary @"$work/edge.csr" "$est_url/$1"; }
check "EST issues it for the runtime's key" bash -c "$(declare -f est enroll file_of pem_of_cms); config='$config' r='$r' work='$work' est_url='$est_url'; enroll simpleenroll | pem_of_cms >'$work/edge.pem'"
check_contains "as CMS" "$(cat "$work/est.headers")" "application/pkcs7-mime; smime-type=certs-only"
check "it renews the same way" bash -c "$(declare -f est enroll file_of pem_of_cms); config='$config' r='$r' work='$work' est_url='$est_url'; enroll simplereenroll | pem_of_cms | grep -q BEGIN"
est "$est_url/cacerts" | pem_of_cms >"$work/above.pem"
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/hub.key" -subj /CN=edgehub 2>/dev/null |
  openssl x509 -req -CA "$work/edge.pem" -CAkey "$work/edge.key" -days 30 -extfile <(printf 'subjectAltName=DNS:crane-07.plant.local\nextendedKeyUsage=serverAuth') -out "$work/hub.pem" 2>/dev/null
ferry cert download trust-bundle --file "$work/trust.pem" >/dev/null
check "a module's certificate below it is good for a server, by what devices trust" \
  openssl verify -x509_strict -purpose sslserver -verify_hostname crane-07.plant.local -CAfile "$work/trust.pem" -untrusted "$work/edge.pem" -untrusted "$work/above.pem" "$work/hub.pem"
check "no authority has room below it" bash -c "openssl x509 -in '$work/edge.pem' -noout -text | grep -q 'CA:TRUE, pathlen:0'"
check "without a certificate there is none" test "$(curl -s -o /dev/null -w '%{http_code}' --cacert "$data/ferryd/ca.pem" --data-binary @"$work/edge.csr" "$est_url/simpleenroll")" = 401
check "it is in the list of certificates" bash -c "ferry cert list --output json | jq -e '[.. | objects | select(.use? == \"edge-ca\")] | length == 2'"
check "a policy forbids it" ferry policy set --edge-ca forbid
check "and then there is none" test "$(est -f -o /dev/null -w '%{http_code}' --data-binary @"$work/edge.csr" "$est_url/simpleenroll" 2>/dev/null)" = 403
cp "$r/etc/aziot/config.toml" "$work/once.toml"
check "the second run changes nothing" bash -c "sh -s -- --root '$r' --runtime iotedge <'$work/install.sh' && cmp '$work/once.toml' '$r/etc/aziot/config.toml'"
mkdir -p "$work/r5/etc/aziot"
printf '[provisioning]\nsource = "manual"\n' >"$work/r5/etc/aziot/config.toml"
new_node pump-4
refuses "somebody else's provisioning is left alone, and the token unused" "--replace-provisioning" install_with sh --root "$work/r5" --runtime iotedge --token-file "$work/pump-4.token"
check "until it is told to replace it" install_with sh --root "$work/r5" --runtime iotedge --token-file "$work/pump-4.token" --replace-provisioning
check "the uninstaller says what goes" bash -c "sh -s -- --root '$r' --uninstall --dry-run <'$work/install.sh' | grep -q 'config.toml'"
check "it uninstalls" bash -c "sh -s -- --root '$r' --uninstall <'$work/install.sh'"
check "the configuration is as it was" cmp "$work/mine.toml" "$r/etc/aziot/config.toml"
check "nothing else is left" test -z "$(find "$r" -type f ! -path '*/etc/aziot/config.toml*')"

# 5. By a bundle, and without any network.
new_node pump-5
check "a bundle is made" ferry node bundle pump-5 --out "$work/bundle.json"
check "for its owner alone" test "$(stat -c %a "$work/bundle.json")" = 600
check "the device registers by it" ferry-agent register --bundle "$work/bundle.json" --data "$work/a5"
refuses "once" "token" ferry-agent register --bundle "$work/bundle.json" --data "$work/a5b"
new_node pump-6
check "a device without network writes a request" unshare -n "$bin/ferry-agent" register --request-out "$work/pump-6.csr" --registration-id "$(registration_of pump-6)" --data "$work/a6"
check "openssl takes it for one" openssl req -in "$work/pump-6.csr" -noout -verify
check "its certificate is made elsewhere" ferry node certificate pump-6 --request "$work/pump-6.csr" --out "$work/answer.json"
check "and brought back" unshare -n "$bin/ferry-agent" register --answer "$work/answer.json" --data "$work/a6"
check "twice is no harm" unshare -n "$bin/ferry-agent" register --answer "$work/answer.json" --data "$work/a6"
check "key and certificate fit without network, too" key_fits "$work/a6"
refuses "another device cannot use it" "another" unshare -n "$bin/ferry-agent" register --answer "$work/answer.json" --data "$work/a7"
refuses "a registration needs a server" "no server is named" ferry-agent register --data "$work/a8"

# 6. Power is lost on the disk, at every third step (tests/agent/power_cut_test.cpp does it at each).
cuts=0
cut_agent() { FERRY_NODE_TOKEN=$(cat "$work/$1.token") "$bin/conformance/power_cut_agent" register --server $url --ca-file "$data/ferryd/ca.pem" --data "$work/cut"; }
lost_power_everywhere() {
  local loses=$1 first=$2 at code node
  for at in $(seq "$first" 3 200); do
    rm -rf "$work/cut"
    node=cut-$loses-$at
    new_node "$node" || return 1
    if [ "$loses" = lost ]; then FERRY_CUT_AT=$at FERRY_CUT_LOSES=1 cut_agent "$node" >/dev/null 2>&1; else FERRY_CUT_AT=$at cut_agent "$node" >/dev/null 2>&1; fi
    code=$?
    [ $code -eq 0 ] && return 0
    [ $code -eq 137 ] || { echo "step $at: exit code $code"; return 1; }
    cuts=$((cuts + 1))
    cut_agent "$node" >"$work/cut.log" 2>&1 || { echo "after step $at:"; cat "$work/cut.log"; return 1; }
    [ "$(known_leaves "$(registration_of "$node")")" = "$(leaf_of "$work/cut")" ] || { echo "after step $at: not one certificate, or not this one"; return 1; }
    key_fits "$work/cut" || { echo "after step $at: key and certificate do not fit"; return 1; }
  done
}
# Between them the two begin at different steps.
for loses in kept lost; do
  if output=$(lost_power_everywhere "$loses" "$([ "$loses" = kept ] && echo 1 || echo 2)"; status=$?; echo "$cuts cuts"; exit $status); then
    ok "registration goes on from where power was lost; what was not synced is $loses (${output##*$'\n'})"
  else
    not_ok "registration goes on from where power was lost; what was not synced is $loses" "$output"
  fi
done

logged=
for token in "$work"/*.token; do
  grep -rqF -- "$(cat "$token")" "$data/logs" "$work"/*.log && logged="$logged $token"
done
check "no log holds a token" test -z "$logged"
finish
