# shellcheck shell=bash
# What the machine scripts share: pinned versions, where the cache is, and how they talk.
# Sourced, never run.

# shellcheck disable=SC2034 # used by the scripts that source this file
TRAEFIK_VERSION=v3.6.25
# shellcheck disable=SC2034
COMPOSE_VERSION=v2.40.3

CACHE="${ZETHERION_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/zetherion-updater}"
# Versioned paths are the stamps: a file that is there was built completely (it is renamed into place).
TRAEFIK_BINARY="$CACHE/traefik/$TRAEFIK_VERSION/traefik"
COMPOSE_BINARY="$CACHE/compose/$COMPOSE_VERSION/docker-compose"
# A DOCKER_CONFIG of our own, so that the user's ~/.docker is neither read nor changed.
DOCKER_CONFIG_DIR="$CACHE/docker-config"

say() { printf '%s\n' "$*" >&2; }
die() {
  say "${0##*/}: $*"
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }
# Where Debian's newest PostgreSQL server is, such as /usr/lib/postgresql/15.
postgres_directory() { find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/postgres' 2>/dev/null | sort -V | tail -n 1 | sed 's,/bin/postgres$,,' | grep .; }
