#!/usr/bin/env bash
# Replaces the updater by the one of this directory's sources, and nothing else of the stack. What it needs to go back is kept.
set -euo pipefail

PROJECT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
SERVICE=zetherion-ai-updater
KEPT="$PROJECT/state/before-upgrade"
LIMIT_S=180

usage() {
  cat <<TEXT
usage: upgrade-updater.sh [--back]
  (none)   keeps image and record, builds the new image, and exchanges the updater for it
  --back   brings the kept image back. Its record is put aside for the kept one only if the older updater cannot read it; then
           the updater adopts what runs, pauses, and says so
Nobody's traffic is touched: bot, colors and Traefik go on. A rollout under way is undone or finished first, by the clean stop.
Kept: the image as <name>:before-upgrade, the record and its previous generation in state/before-upgrade/.
TEXT
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'upgrade-updater.sh: %s\n' "$*" >&2
  exit 1
}

main() {
  cd "$PROJECT"
  image="$(docker compose config --images "$SERVICE" | grep -m1 updater)" || die "docker-compose.yml has no image for $SERVICE"
  repository=${image%:*}
  case "${1:-}" in
    --help | -h) usage; exit 0 ;;
    '') upgrade ;;
    --back) back ;;
    *) usage >&2; die "unknown argument: $1" ;;
  esac
}

upgrade() {
  docker image inspect "$image" >/dev/null 2>&1 || die "there is no image $image to be replaced; use docker compose up -d --build"
  docker image tag "$image" "$repository:before-upgrade"
  docker compose build "$SERVICE"
  # Stopped before the record is copied, so that the copy is the last word of the old one.
  docker compose stop "$SERVICE"
  keep_record
  start
}

keep_record() {
  rm -rf "$KEPT"
  mkdir -p "$KEPT"
  local file
  for file in state/updater-state.json state/updater-state.json.previous; do
    [[ ! -e $file ]] || cp -p "$file" "$KEPT/"
  done
}

back() {
  docker image inspect "$repository:before-upgrade" >/dev/null 2>&1 || die "no image was kept as $repository:before-upgrade"
  docker compose stop "$SERVICE"
  docker image tag "$repository:before-upgrade" "$image"
  if ! same_schema; then
    local aside
    aside="state/newer-$(date -u +%Y%m%dT%H%M%SZ)"
    mkdir "$aside"
    mv state/updater-state.json* "$aside/"
    cp -p "$KEPT"/* state/
    say "the newer record is in $aside; the updater will adopt what runs, and pause"
  fi
  start
}

# An older updater reads no newer schema: it would only observe.
same_schema() {
  [[ ! -d $KEPT ]] || [[ "$(schema_of state/updater-state.json)" == "$(schema_of "$KEPT/updater-state.json")" ]]
}

schema_of() { grep -o '"schema": *[0-9]*' "$1" 2>/dev/null | head -n 1; }

start() {
  docker compose up -d --no-deps --no-build "$SERVICE"
  local state
  for ((waited = 0; waited < LIMIT_S; waited += 2)); do
    state="$(docker inspect --format '{{.State.Health.Status}}' "$SERVICE")"
    if [[ $state == healthy ]]; then
      docker exec "$SERVICE" updaterctl doctor --read-only || say "doctor found something, see above; $0 --back is the way back"
      return
    fi
    sleep 2
  done
  die "the updater is $state after $LIMIT_S s: look at docker logs $SERVICE; $0 --back is the way back"
}

main "$@"
