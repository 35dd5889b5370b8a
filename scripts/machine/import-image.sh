# shellcheck shell=bash
# How images are made of files of this machine. Sourced, after settings.sh, by scripts that set SOCKET and WORK.

exists() { docker_there image inspect "$1" >/dev/null 2>&1; }

docker_there() { DOCKER_CONFIG="$DOCKER_CONFIG_DIR" DOCKER_BUILDKIT=0 docker --host "unix://$SOCKET" "$@"; }

# The shared libraries of a binary, and those by which names and addresses are looked up. None for a static one.
copy_libraries() {
  local file libraries
  libraries="$(ldd "$2" 2>/dev/null | grep -o '/[^ ]*')" || return 0
  {
    echo "$libraries"
    find "$(dirname "$(grep -om1 '/[^ ]*libc\.so\.6' <<<"$libraries")")" -maxdepth 1 -name 'libnss_*.so.2' -o -maxdepth 1 -name libresolv.so.2
  } | sort -u | while read -r file; do
    [[ ! -e $1$file ]] || continue
    mkdir -p "$1$(dirname "$file")"
    cp --dereference "$file" "$1$file"
  done
}

# import ROOT TAG OPTION...
import() {
  local root=$1 tag=$2
  shift 2
  tar --create --directory "$root" . | docker_there import "$@" - "$tag" >/dev/null
}

# build_on TAG [CONTEXT] <DOCKERFILE
build_on() {
  local context=${2:-$WORK/empty}
  mkdir -p "$context"
  cat >"$context/Dockerfile"
  docker_there build --quiet --network none --tag "$1" "$context" >/dev/null 2>"$WORK/build.log" ||
    die "could not build $1: $(<"$WORK/build.log")"
}
