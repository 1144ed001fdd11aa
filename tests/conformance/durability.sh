#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What Drydock has acknowledged to Microsoft's SDKs survives kill -9; a full disk is an error and no damage; and
# data of a newer Drydock is refused.
#   durability.sh BIN
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../lib/tap.sh"
. "$here/../lib/drydock.sh"
bin=${1:?usage: durability.sh BIN}
private_names "$@"

modules=$("$here/npm_install.sh") || { not_ok "the npm packages install"; finish; }
start_drydock "$bin" 127.0.84.12 || { not_ok "drydock starts"; finish; }
hub=resourceGroups/durable/providers/Microsoft.Devices/IotHubs/durable-hub
hub_host=durable-hub.$(environment suffixes.iotHub)
{
  arm PUT "resourceGroups/durable?api-version=2021-04-01" '{"location":"westeurope"}' &&
    arm PUT "$hub?api-version=2023-06-30" '{"location":"westeurope","sku":{"name":"S1","capacity":1},"properties":{}}'
} >/dev/null || { not_ok "a hub is made"; finish; }
printf 'HostName=%s;SharedAccessKeyName=iothubowner;SharedAccessKey=%s' "$hub_host" "$(
  arm POST "$hub/listkeys?api-version=2023-06-30" | jq -r '.value[] | select(.keyName == "iothubowner") | .primaryKey')" \
  >"$drydock_dir/hub-connection"
refresh_names

act() { # PHASE: says what it did in acknowledged.json
  CONFORMANCE_MODULES=$modules NODE_EXTRA_CA_CERTS=$ca CONFORMANCE_WORK=$drydock_dir timeout 60 node "$here/durability.mjs" "$1"
}
stored() { # SQL on the messages, without locking anybody out
  python3 -c 'import sqlite3, sys
print(sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True).execute(sys.argv[2]).fetchone()[0])' \
    "$drydock_dir/data/event_hubs.db" "$1"
}
acknowledged() { jq -r ".$1" "$drydock_dir/acknowledged.json"; }

# Killed while it works: the sender writes down what was acknowledged, until its connection is lost.
act send >"$drydock_dir/send.log" 2>&1 &
sender=$!
enough() { [ "$(jq .messages "$drydock_dir/acknowledged.json" 2>/dev/null || echo 0)" -ge 50 ]; }
eventually 30 enough
kill_drydock
wait "$sender"
launch_drydock || { not_ok "drydock starts after kill -9"; finish; }
[ "$(acknowledged messages)" -ge 50 ] && [ "$(stored 'SELECT count(*) FROM events')" -ge "$(acknowledged messages)" ] &&
  ok "every acknowledged message is there after kill -9" ||
  not_ok "every acknowledged message is there after kill -9" "$(cat "$drydock_dir/acknowledged.json" "$drydock_dir/send.log"; stored 'SELECT count(*) FROM events')"
act verify && ok "so are reported and desired properties" || not_ok "so are reported and desired properties"

# A disk that is full: the data move to a small one.
stop_only() { kill "$drydock_pid" && wait "$drydock_pid" 2>/dev/null; }
stop_only
mv "$drydock_dir/data" "$drydock_dir/data-before"
mkdir "$drydock_dir/data"
size=$(($(du -sk "$drydock_dir/data-before" | cut -f1) + 600))
mount -t tmpfs -o "size=${size}k" tmpfs "$drydock_dir/data"
cp -a "$drydock_dir/data-before/." "$drydock_dir/data/"
launch_drydock || { not_ok "drydock starts on a small disk"; finish; }
act fill && ok "on a full disk a message is not acknowledged, a change is refused, and reading goes on" ||
  not_ok "on a full disk a message is not acknowledged, a change is refused, and reading goes on" "$(tail -3 "$drydock_dir/log")"
grep -q 'disk is full' "$drydock_dir/log" && ok "the log says why" || not_ok "the log says why" "$(tail -3 "$drydock_dir/log")"
kill_drydock
mount -o remount,size=64m "$drydock_dir/data"
launch_drydock || { not_ok "drydock starts again when there is room"; finish; }
before=$(stored 'SELECT count(*) FROM events')
[ "$before" -ge "$(acknowledged messages)" ] && act send-one && act verify && [ "$(stored 'SELECT count(*) FROM events')" -gt "$before" ] &&
  ok "when there is room again everything acknowledged is there, and it goes on" ||
  not_ok "when there is room again everything acknowledged is there, and it goes on" "$before of $(acknowledged messages)"
stop_only
damaged=
for database in "$drydock_dir"/data/*.db; do
  [ "$(python3 -c 'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("PRAGMA integrity_check").fetchone()[0])' "$database")" = ok ] ||
    damaged+=" $(basename "$database")"
done
[ -z "$damaged" ] && ok "no database is damaged" || not_ok "no database is damaged" "$damaged"

# Each store alone, as a newer version would leave it.
accepted=
count=0
for database in "$drydock_dir"/data/*.db; do
  count=$((count + 1))
  python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db: db.execute("INSERT INTO schema_migrations VALUES(1000, \"later\")")' "$database"
  refusal=$(timeout 10 "$bin/drydock" serve --data "$drydock_dir/data" --address "$drydock_address" 2>&1)
  [ $? -ne 124 ] && grep -q 'written by a newer version' <<<"$refusal" || accepted+=" $(basename "$database")"
  python3 -c 'import sqlite3, sys
with sqlite3.connect(sys.argv[1]) as db: db.execute("DELETE FROM schema_migrations WHERE number = 1000")' "$database"
done
[ -z "$accepted" ] && [ "$count" -ge 8 ] && ok "each of $count stores of a newer version is refused by name" ||
  not_ok "each of $count stores of a newer version is refused by name" "$accepted"
umount "$drydock_dir/data"
finish
