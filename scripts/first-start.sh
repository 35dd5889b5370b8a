#!/usr/bin/env bash
# Makes a fresh clone ready for `docker compose up -d`: .env with this host's facts and new secrets, and the directories that
# the containers share, each with the owner that may write it. Run again it adds what is missing and changes nothing else.
set -euo pipefail

APP_ID=65532 # user and group of bot, skills, api and Traefik
PROJECT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
ENV_FILE="$PROJECT/.env"

usage() {
  cat <<TEXT
usage: first-start.sh [--owner UID:GID]
Fills in $ENV_FILE (from .env.example if there is none) and makes state/, data/ and logs/.
Values that are set stay, and so do files. Nothing is started.
--owner   who the updater runs as; default: the owner of this directory, which must not be root
Not as root it asks the engine to set foreign owners, with the image of PostgreSQL, which the stack needs anyway.
TEXT
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'first-start.sh: %s\n' "$*" >&2
  exit 1
}

main() {
  local owner=
  while [[ $# -gt 0 ]]; do
    case "$1" in
      --help | -h) usage; exit 0 ;;
      --owner) owner=${2:-}; shift 2 || die "--owner needs UID:GID" ;;
      *) usage >&2; die "unknown argument: $1" ;;
    esac
  done
  # It stands in compose files, mounts and .env as it is.
  [[ $PROJECT =~ ^[A-Za-z0-9/._@+-]+$ ]] || die "$PROJECT holds characters other than letters, digits and . _ @ + -; move the clone"
  : "${owner:=$(stat -c %u:%g "$PROJECT")}"
  [[ $owner =~ ^[0-9]+:[0-9]+$ ]] || die "--owner wants numbers such as 1000:1000, not $owner"
  [[ $(id -u) == 0 || $(id -u) == "${owner%:*}" ]] || die "only root may prepare a clone for somebody else; run this with sudo, or as user ${owner%:*}"
  [[ $owner != 0:* ]] || die "$PROJECT belongs to root, and the updater does not run as root: give the directory to an ordinary user, or name one with --owner"
  OWNER=$owner

  umask 077
  [[ -e $ENV_FILE ]] || cp "$PROJECT/.env.example" "$ENV_FILE"
  host_facts
  secrets
  tree
  directories
  # Once: whoever takes the choice back later means it.
  [[ -n $(value_of PROJECT_DIR) ]] || choose_compose_files
  fill PROJECT_DIR "$PROJECT"
  [[ $(id -u) != 0 ]] || chown "$OWNER" "$ENV_FILE"
  if follows; then
    predecessor
    first_routes
    say "Ready. Next: the fourth step of docs/migrating.md, so that the traffic goes on"
  else
    [[ -e $PROJECT/state/updater-state.json ]] || first_routes # with a record they were lost: the updater writes them anew
    say "Ready. Next: docker compose up -d --build"
  fi
}

host_facts() {
  fill UPDATER_UID "${OWNER%:*}"
  fill UPDATER_GID "${OWNER#*:}"
  local socket
  socket="$(value_of DOCKER_SOCKET)"
  : "${socket:=/var/run/docker.sock}"
  [[ -S $socket ]] || die "there is no engine at $socket; start it, or set DOCKER_SOCKET in $ENV_FILE to where its socket is"
  fill DOCKER_GID "$(stat -L -c %g "$socket")"
  # The engine refuses a container that may take more processors than there are.
  local name most
  for name in BOT_CPUS:2 QDRANT_CPUS:2 OLLAMA_CPUS:4 OLLAMA_ROUTER_CPUS:2; do
    most="$(nproc)"
    [[ $most -ge ${name#*:} ]] || fill "${name%:*}" "$most.0"
  done
}

secrets() {
  fill POSTGRES_PASSWORD "$(random)"
  fill SKILLS_API_SECRET "$(random)"
}

random() { od -An -v -tx1 -N24 /dev/urandom | tr -d ' \n'; }

# At first what can run is started: the reference app with the gateway that it wants, and no tunnel without a token. Beside a
# predecessor's Traefik the routes stay where that one reads them.
choose_compose_files() {
  local files=docker-compose.yml source
  source="$(value_of APP_SOURCE)"
  [[ ${source:-./reference-app} != ./reference-app ]] || files+=:docker-compose.reference-app.yml
  [[ -n $(value_of TUNNEL_TOKEN) ]] || files+=:docker-compose.no-tunnel.yml
  ! follows || files+=:docker-compose.moving.yml
  [[ ! -e $PROJECT/docker-compose.override.yml ]] || files+=:docker-compose.override.yml
  [[ $files == docker-compose.yml ]] || fill COMPOSE_FILE "$files"
}

# value_of NAME: as .env sets it; nothing where it does not.
value_of() { sed -n "s/^$1=//p" "$ENV_FILE" | tail -n 1; }

# fill NAME VALUE: sets what is empty, in the place where .env.example has it.
fill() {
  [[ -z $(value_of "$1") ]] || return 0
  # In the environment, since arguments can be seen by everybody on the host.
  NAME=$1 VALUE=$2 awk '
    BEGIN { name = ENVIRON["NAME"]; value = ENVIRON["VALUE"] }
    !done && ($0 == name "=" || index($0, "#" name "=") == 1) { print name "=" value; done = 1; next }
    $0 == name "=" { next }
    { print }
    END { if (!done) print name "=" value }' "$ENV_FILE" >"$ENV_FILE.new"
  mv "$ENV_FILE.new" "$ENV_FILE"
  say ".env: $1 is set"
}

# The updater brings the tree along as its owner, and git works in nobody else's. What a predecessor checked out is root's.
tree() {
  local foreign
  # What may not even be read is told before it is tried.
  foreign="$(foreign_files "$PROJECT" "${OWNER%:*}" 2>/dev/null | sed -n 1p || true)"
  [[ -n $foreign ]] || return 0
  as_root "$(declare -f foreign_files own); own '$PROJECT' '$OWNER'"
  say "$PROJECT: what was root's or its owner's in it belongs to user ${OWNER%:*} now, but state/, data/ and logs/"
}

# foreign_files DIRECTORY USER: what of the tree is root's, or of whoever the directory belongs to, and not yet this user's. What
# a third one has there, such as a database that an override binds, is a service's. Plain sh, as the next two.
foreign_files() {
  set -- "$1" "$2" "$(stat -c %u "$1")"
  find "$1" \( -path "$1/state" -o -path "$1/data" -o -path "$1/logs" -o -type d ! -user 0 ! -user "$2" ! -user "$3" \) -prune \
    -o \( -user 0 -o -user "$3" \) ! -user "$2" -print
}

# The directory itself comes last: stopped in the middle it still tells whose the rest is. Groups stay: git asks for the user.
own() {
  foreign_files "$1" "${2%:*}" | while IFS= read -r path; do [ "$path" = "$1" ] || chown -h "${2%:*}" "$path" || return 1; done &&
    chown -h "${2%:*}" "$1"
}

# as_root COMMANDS: of plain sh, by ourselves or by the engine. What they read comes from here.
as_root() {
  if [[ $(id -u) == 0 ]]; then
    bash -c "$1"
    return
  fi
  local image socket
  image="$(sed -n 's/^ *image: \(postgres:[^ ]*\).*/\1/p' "$PROJECT/docker-compose.yml" | head -n 1)"
  socket="$(value_of DOCKER_SOCKET)"
  [[ -z $socket ]] || export DOCKER_HOST="unix://$socket"
  docker run --rm --interactive --network none --user 0:0 --entrypoint sh --volume "$PROJECT:$PROJECT" "$image" -c "$1" ||
    die "the engine could not set owners; run this script with sudo"
}

directories() {
  local missing=() place
  # path, owner, mode: Traefik reads its directory as another user; skills reads the secret by its group, which the secret's
  # file takes from the directory; the bot writes data and logs, which the operator's group may read.
  local wanted=(
    "state $OWNER 750"
    "state/traefik $OWNER 755"
    "state/traefik/dynamic $OWNER 755"
    "state/secret ${OWNER%:*}:$APP_ID 2750"
    "data $APP_ID:${OWNER#*:} 2770"
    "logs $APP_ID:${OWNER#*:} 2770"
  )
  for place in "${wanted[@]}"; do
    read -r path owner mode <<<"$place"
    mkdir -p "$PROJECT/$path"
    [[ $(stat -L -c '%u:%g %a' "$PROJECT/$path") == "$owner $mode" ]] || missing+=("$place")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  printf '%s\n' "${missing[@]}" | as_root "$(declare -f set_rights); set_rights '$PROJECT'"
  for place in "${missing[@]}"; do say "$place"; done
}

set_rights() {
  while read -r path owner mode; do
    chown "$owner" "$1/$path" && chmod "$mode" "$1/$path" || return 1
  done
}

# Whether there is a predecessor's record that no updater of ours has made its own yet: that one has a schema.
follows() {
  [[ -e $PROJECT/data/updater-state.json && ! -e $PROJECT/state/updater-state.json.previous ]] &&
    ! grep -qs '"schema"' "$PROJECT/state/updater-state.json"
}

# Record and secret of the updater that this one follows, which kept them beside the bot's data (docs/migrating.md). Copies: the
# predecessor may be needed again. Run again after it was stopped it goes on; what is there is whole.
predecessor() {
  local file from to mode group
  for file in updater-state.json:state/updater-state.json:600:${OWNER#*:} .updater-secret:state/secret/.updater-secret:440:$APP_ID; do
    IFS=: read -r from to mode group <<<"$file"
    [[ -e $PROJECT/data/$from && ! -e $PROJECT/$to ]] || continue
    put "$PROJECT/data/$from" "$PROJECT/$to" "$mode" "$group"
    say "$to: taken over from data/$from"
  done
}

# So that Traefik routes before the updater has looked at the stack for the first time: to blue, or as the predecessor left its
# file there. The updater writes it from then on.
first_routes() {
  local live="$PROJECT/state/traefik/dynamic/updater-routes.yml"
  [[ ! -e $live ]] || return 0
  # Made outside of the directory that Traefik watches.
  put "$PROJECT/config/traefik/dynamic/updater-routes.yml" "$live" 644 "${OWNER#*:}" "$PROJECT/state/traefik/first-routes"
  say "state/traefik/dynamic/updater-routes.yml: $(grep -om1 'service: skills-[a-z]*' "$live" | cut -d- -f2 || echo nobody) serves"
}

# put FROM TO MODE GROUP [STAGED]: a copy that is there whole or not at all. Not as root it has the group of its directory.
put() {
  local staged=${5:-$2.new}
  rm -f "$staged"
  cp "$1" "$staged"
  [[ $(id -u) != 0 ]] || chown "${OWNER%:*}:$4" "$staged"
  chmod "$3" "$staged"
  mv -n "$staged" "$2"
}

main "$@"
