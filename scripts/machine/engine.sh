#!/usr/bin/env bash
# A private Docker engine with everything under one directory. It touches no system engine: own containerd, own
# bridge, own address range, and no iptables rule (a second engine that writes rules flushes the first one's).
# Without rules containers still reach each other, the host reaches containers by IP, containers reach the host at
# their gateway, and published ports work (docker-proxy). What they have not is a way out to the internet.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/machine/settings.sh
source "$here/settings.sh"
# shellcheck source=scripts/machine/engine-network.sh
source "$here/engine-network.sh"
# shellcheck source=scripts/machine/engine-processes.sh
source "$here/engine-processes.sh"

usage() {
  cat <<TEXT
usage: engine.sh start DIR [--owner PID]   start (or start again) the engine of DIR; its socket is DIR/docker.sock
       engine.sh stop DIR                  as a host's shutdown would: containers stopped, engine gone, DIR's content kept
       engine.sh restart DIR               start after a kill, as it is; else stop and start
       engine.sh kill DIR                  SIGKILL to the engine and its containerd; containers are left as they are
       engine.sh reboot DIR                as a host that lost its power and came back: every process of it ends at once, what a host keeps in memory is gone
       engine.sh destroy DIR               containers removed, engine gone, nothing left, DIR removed
--owner PID: when that process ends, however it ends, the engine is destroyed.
Logs: DIR/dockerd.log, DIR/containerd.log. DIR's path has at most 70 characters (unix sockets are inside).
TEXT
}

START_LIMIT_S=30
STOP_LIMIT_S=40

main() {
  case "${1:-}" in --help | -h) usage; exit 0 ;; esac
  [[ $# -ge 2 ]] || { usage >&2; exit 2; }
  local command=$1
  DIR="$(realpath -m -- "$2")"
  PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
  [[ ${#DIR} -le 70 ]] || die "$DIR is too long for the unix sockets inside; take a path of at most 70 characters"
  [[ $(id -u) == 0 ]] || die "a private engine needs root"

  case "$command" in
    start) lock; start "${@:3}" ;;
    stop) lock; stop_engine ;;
    restart) lock; restart ;;
    kill) lock; kill_engine ;;
    reboot) lock; reboot ;;
    destroy) [[ ! -e $DIR ]] || { lock; destroy; } ;;
    watch) watch "$3" ;;
    *) usage >&2; die "unknown command: $command" ;;
  esac
}

# One command a directory at a time: a test's own end and its watcher may meet.
lock() {
  mkdir -p "$DIR"
  exec 9>"$DIR/lock"
  flock -w 120 9 || die "another engine.sh command has held $DIR for two minutes"
}

start() {
  [[ -z $(engine_pids dockerd) ]] || die "an engine of $DIR is already running; stop it first"
  local owner=
  [[ ${1:-} != --owner ]] || owner=${2:?"--owner needs a process id"}

  claim_slot
  # First, so that an owner who ends during the start leaves nothing either: the watcher then waits for the lock.
  [[ -z $owner ]] || background /dev/null "$here/engine.sh" watch "$DIR" "$owner"
  make_bridge
  # The engine starts itself anew some four times for each start of a container; collecting garbage takes a third of that.
  export GOGC=400
  give_share || say "engine.sh: the containers get no larger share of the processors; on a busy machine they will be slow"
  start_containerd
  start_dockerd
}

# To the scheduler all containers together weigh as much as one process outside of them: beside a build or other tests
# they would get next to nothing.
give_share() {
  local group=/sys/fs/cgroup/cpu file=cpu.shares share=16384
  [[ -d $group ]] || { group=/sys/fs/cgroup file=cpu.weight share=1600; }
  mkdir -p "$group$(cgroup_parent)" && { echo "$share" >"$group$(cgroup_parent)/$file"; } 2>/dev/null
}

start_containerd() {
  cat >"$DIR/containerd.toml" <<TOML
version = 2
root = "$DIR/containerd-root"
state = "$DIR/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$DIR/containerd/containerd.sock"
TOML
  rm -f "$DIR/containerd/containerd.sock"
  background "$DIR/containerd.log" containerd --config "$DIR/containerd.toml" --log-level warn
  wait_until "$START_LIMIT_S" test -S "$DIR/containerd/containerd.sock" || give_up containerd
}

start_dockerd() {
  echo '{}' >"$DIR/daemon.json" # else /etc/docker/daemon.json of a system engine would count
  rm -f "$DIR/docker.pid"       # after a SIGKILL it may name a process that is somebody else's now
  background "$DIR/dockerd.log" dockerd \
    --config-file "$DIR/daemon.json" --data-root "$DIR/data" --exec-root "$DIR/exec" --pidfile "$DIR/docker.pid" \
    --host "unix://$DIR/docker.sock" --group 0 --containerd "$DIR/containerd/containerd.sock" \
    --cgroup-parent "$(cgroup_parent)" --bridge "$(bridge_name)" \
    --default-address-pool "$(address_pool)" --dns "$(bridge_address)" \
    --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --userland-proxy=true \
    --shutdown-timeout 10 --log-level warn
  wait_until "$START_LIMIT_S" engine_answers || give_up dockerd
}

engine_answers() { docker_here version >/dev/null 2>&1; }

docker_here() { DOCKER_CONFIG="$DOCKER_CONFIG_DIR" timeout 20 docker --host "unix://$DIR/docker.sock" "$@"; }

give_up() {
  say "--- last lines of $DIR/$1.log"
  tail -n 15 "$DIR/$1.log" >&2
  kill_engine
  die "$1 was not ready within $START_LIMIT_S s; its last lines are above"
}

stop_engine() {
  end_processes TERM "$STOP_LIMIT_S" dockerd
  end_processes TERM 10 containerd
  end_leftovers
}

restart() {
  [[ -z $(engine_pids dockerd) ]] || stop_engine
  start
}

# Below /run on a host: what engine and containerd know of processes that are no more.
reboot() {
  kill_engine
  end_leftovers
  rm -rf -- "$DIR/exec" "$DIR/containerd"
  start
}

kill_engine() { end_processes KILL 10 dockerd containerd docker-proxy; }

destroy() {
  if engine_answers; then
    # Removed first, since a container that ignores SIGTERM would hold the engine's shutdown up.
    local containers
    mapfile -t containers < <(docker_here ps --all --quiet)
    [[ ${#containers[@]} -eq 0 ]] || docker_here rm --force --volumes "${containers[@]}" >/dev/null ||
      say "engine.sh: not all containers were removed; killing what is left"
  fi
  stop_engine
  release_slot
  rm -rf -- "$DIR"
}

# Ends by itself when the engine was destroyed otherwise.
watch() {
  while is_alive "$1" && [[ -e $DIR/slot ]]; do sleep 1; done
  [[ ! -e $DIR/slot ]] || { lock; destroy; }
}

main "$@"
