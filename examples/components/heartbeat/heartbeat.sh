#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints one line of JSON per interval: seconds since boot, and size and use of the root file system.

interval="${INTERVAL_SECONDS:-5}"
case "$interval" in
  '' | *[!0-9]* | 0) echo "heartbeat: INTERVAL_SECONDS must be a whole number above 0" >&2; exit 2 ;;
esac

pause=
stop() {
  echo "heartbeat: asked to stop" >&2
  [ -n "$pause" ] && kill "$pause" 2>/dev/null
  exit 0
}
trap stop TERM INT

beat=0
while :; do
  beat=$((beat + 1))
  read -r uptime _ </proc/uptime
  # Without -P a long device name would take a line of its own.
  set -- $(df -kP / | tail -n 1)
  printf '{"time":"%s","beat":%d,"uptimeSeconds":%d,"diskTotalKiB":%s,"diskUsedKiB":%s}\n' \
    "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$beat" "${uptime%.*}" "$2" "$3"
  # The shell runs a trap only between commands: it waits for a child, and a signal ends the wait.
  sleep "$interval" &
  pause=$!
  wait "$pause"
done
