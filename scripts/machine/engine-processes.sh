# shellcheck shell=bash
# The processes and mounts of one private engine, found by DIR in their arguments. Sourced by engine.sh.

# background LOG COMMAND...: a process that outlives this script and does not hold its lock.
background() {
  local log=$1
  shift
  setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
}

# engine_pids NAME...: running processes with one of these names that belong to DIR.
engine_pids() {
  local pid argv proc
  for proc in /proc/[0-9]*; do
    pid=${proc#/proc/}
    mapfile -d '' -t argv 2>/dev/null <"$proc/cmdline" || continue # gone meanwhile
    [[ ${#argv[@]} -gt 0 && " $* " == *" ${argv[0]##*/} "* ]] || continue
    belongs_here "${argv[@]}" && is_alive "$pid" && echo "$pid"
  done
  return 0
}

belongs_here() {
  [[ "$*" == *"$DIR/"* ]] && return
  # docker-proxy names no directory, only the container's address.
  [[ ${1##*/} == docker-proxy && -e $DIR/slot && "$*" == *"-container-ip 10.$((128 + $(<"$DIR/slot")))."* ]]
}

# A zombie is dead: not every init here reaps orphans.
is_alive() {
  local stat
  stat="$(cat "/proc/$1/stat" 2>/dev/null)" || return 1
  [[ ${stat##*) } != Z* ]]
}

# end_processes SIGNAL LIMIT_S NAME...: the signal, then SIGKILL after the limit.
end_processes() {
  local signal=$1 limit=$2
  shift 2
  local pids
  mapfile -t pids < <(engine_pids "$@")
  [[ ${#pids[@]} -gt 0 ]] || return 0
  kill -s "$signal" "${pids[@]}" 2>/dev/null || true # one may have ended just now
  wait_until "$limit" none_alive "${pids[@]}" && return
  kill -s KILL "${pids[@]}" 2>/dev/null || true
  wait_until 10 none_alive "${pids[@]}" || die "could not end ${*} of $DIR (process ids: ${pids[*]})"
}

none_alive() {
  local pid
  for pid in "$@"; do ! is_alive "$pid" || return 1; done
}

# Containers that a killed engine left running, then what is mounted under DIR.
end_leftovers() {
  local shims shim inits
  mapfile -t shims < <(engine_pids containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2)
  for shim in "${shims[@]}"; do
    # The init of a container takes its whole pid namespace with it.
    mapfile -t inits < <(tr ' ' '\n' <"/proc/$shim/task/$shim/children" 2>/dev/null | grep .)
    kill -s KILL "${inits[@]}" "$shim" 2>/dev/null || true
  done
  end_processes KILL 10 containerd-shim containerd-shim-runc-v1 containerd-shim-runc-v2 docker-proxy
  remove_shim_sockets
  unmount_everything
}

# containerd keeps shims' sockets outside its own state directory.
remove_shim_sockets() {
  local file socket
  for file in "$DIR"/containerd/io.containerd.runtime.v2.task/moby/*/address; do
    [[ -e $file ]] || continue
    socket="$(<"$file")"
    [[ $socket != unix:///run/containerd/s/* ]] || rm -f -- "${socket#unix://}"
  done
}

unmount_everything() {
  local point
  awk -v dir="$DIR/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | sort -r | while read -r point; do
    umount --lazy -- "$point"
  done
}

# wait_until LIMIT_S COMMAND...
wait_until() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    [[ $SECONDS -lt $deadline ]] || return 1
    sleep 0.05
  done
}
