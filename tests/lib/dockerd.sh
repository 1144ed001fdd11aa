# SPDX-License-Identifier: Apache-2.0
# A Docker engine of its own for a test or the demo: own data, own socket, stopped by its pid.
#   start_dockerd DIR   sets DOCKER_HOST and dockerd_pid; DIR must be short (socket paths are limited)
#   stop_dockerd        with the containers and networks in it; does nothing when none was started

start_dockerd() {
  local dir=$1
  mkdir -p "$dir"
  dockerd_dir=$dir
  # A bridge of its own would change the machine's network; containers of tests need none.
  dockerd --data-root "$dir/data" --exec-root "$dir/exec" --pidfile "$dir/dockerd.pid" \
    -H "unix://$dir/docker.sock" --iptables=false --ip-masq=false \
    --bridge=none >"$dir/dockerd.log" 2>&1 &
  dockerd_pid=$!
  export DOCKER_HOST="unix://$dir/docker.sock"
  local deadline=$((SECONDS + 60))
  until docker info >/dev/null 2>&1; do
    if ! kill -0 "$dockerd_pid" 2>/dev/null || [ $SECONDS -ge $deadline ]; then
      echo "dockerd did not start; its log ends with:" >&2
      tail -5 "$dir/dockerd.log" >&2
      return 1
    fi
    sleep 0.2
  done
}

stop_dockerd() {
  [ -n "${dockerd_pid:-}" ] || return 0
  # By its own socket: DOCKER_HOST may be anybody's. A network's bridge would outlive the engine, and Docker finds no
  # addresses any more when a machine has some thirty of them.
  local own="unix://$dockerd_dir/docker.sock"
  docker -H "$own" ps -aq 2>/dev/null | xargs -r docker -H "$own" rm -f >/dev/null 2>&1 || true
  docker -H "$own" network ls -q --filter type=custom 2>/dev/null |
    xargs -r docker -H "$own" network rm >/dev/null 2>&1 || true
  kill "$dockerd_pid" 2>/dev/null || true
  wait "$dockerd_pid" 2>/dev/null || true
  # Mounts that a killed engine left behind would keep the directory busy.
  grep -oE " $dockerd_dir/[^ ]+" /proc/mounts | sort -r | while read -r mount; do
    umount -l "$mount" 2>/dev/null || true
  done
  unset dockerd_pid
}
