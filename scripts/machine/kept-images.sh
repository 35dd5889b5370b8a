#!/usr/bin/env bash
# Keeps the images that an engine was given, in the cache, and lays them into the next engine before it starts: making them
# anew takes half a minute for the whole stack, laying them ready less than a second.
# What is kept is the engine's own image store. Its layers are never written again: engines share their files by hard links.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/machine/settings.sh
source "$here/settings.sh"

usage() {
  cat <<TEXT
usage: kept-images.sh lay KIND DIR    before the first start of the engine of DIR: gives it what was kept of KIND, else of base, else nothing
       kept-images.sh keep KIND DIR   with the engine of DIR running, all images made and no container yet: keeps its images
KIND: base    what base-images.sh makes
      stack   what stack-images.sh makes for docker-compose.yml besides
What was made of something else than what is here now (scripts, stand-ins, modules, programs of this machine) does not count.
TEXT
}

main() {
  case "${1:-}" in --help | -h) usage; exit 0 ;; esac
  [[ $# -eq 3 && $2 =~ ^(base|stack)$ ]] || { usage >&2; exit 2; }
  DIR="$(realpath -m -- "$3")"
  mkdir -p "$CACHE/images"
  exec 9>"$CACHE/images/lock"
  flock -w 120 9 || die "another kept-images.sh has held $CACHE/images for two minutes"
  case "$1" in
    lay) lay "$2" ;;
    keep) keep "$2" ;;
    *) usage >&2; die "unknown command: $1" ;;
  esac
}

lay() {
  local kept
  kept="$(place_of "$1")"
  [[ -e $kept ]] || kept="$(place_of base)"
  [[ -e $kept ]] || return 0
  [[ ! -e $DIR/data/image ]] || die "the engine of $DIR has images already; images are laid before its first start"
  mkdir -p "$DIR/data"
  local how=--link
  [[ $(stat --format %d "$kept") == $(stat --format %d "$DIR/data") ]] || how=--reflink=auto
  { cp --archive "$kept/image" "$DIR/data/" && cp --archive "$how" "$kept/overlay2" "$DIR/data/"; } || {
    rm -rf -- "$DIR/data/image" "$DIR/data/overlay2"
    say "kept-images.sh: the images that were kept could not be laid; they are made anew"
  }
}

keep() {
  local kept
  kept="$(place_of "$1")"
  [[ ! -e $kept ]] || return 0
  # Another storage driver keeps its layers elsewhere, and a container would be kept with the images.
  [[ -d $DIR/data/image/overlay2 ]] || return 0
  [[ -z $(docker --host "unix://$DIR/docker.sock" ps --all --quiet) ]] || die "the engine of $DIR has containers; images are kept before there are any"
  rm -rf -- "$CACHE/images/partial"
  mkdir -p "$CACHE/images/partial"
  # A copy: an engine mounts its directory of layers over itself, and a link does not lead over a mount.
  cp --archive --reflink=auto "$DIR"/data/{image,overlay2} "$CACHE/images/partial/"
  find "$CACHE/images" -mindepth 1 -maxdepth 1 -name "$1-*" -exec rm -rf -- {} + # of another key
  mv "$CACHE/images/partial" "$kept"
}

# place_of KIND: named after everything that its images are made of.
place_of() {
  local key project
  project="$(realpath "$here/../..")"
  key="$({
    sha256sum "$here"/{settings,import-image,base-images}.sh
    programs dockerd node busybox wget "$TRAEFIK_BINARY"
    if [[ $1 == stack ]]; then
      sha256sum "$here/stack-images.sh" "$project"/{package-lock.json,docker-compose.yml,Dockerfile.updater,test/stack/stand-ins/*.*}
      programs docker bash setpriv find git "$COMPOSE_BINARY" "$(postgres_directory || true)/bin/postgres" "$project/node_modules/.package-lock.json"
    fi
  } | sed "s,$project/,," | sha256sum)"
  echo "$CACHE/images/$1-${key::16}"
}

# Names, sizes and times of change; one that is not there is left out.
programs() {
  local name
  for name in "$@"; do stat --dereference --format '%n %s %Y' "$(command -v "$name" || echo "$name")" 2>/dev/null || true; done
}

main "$@"
