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
  (none)   builds the new image, keeps the one that ran and the record, and exchanges the updater
  --back   brings the kept image back. The record is put aside, for the kept one, only if the older updater cannot read it; then
           the updater adopts what runs, pauses unless the kept one still fits it, and says so
Nobody's traffic is touched: bot, colors and Traefik go on. A rollout under way is undone or finished first, by the clean stop.
Kept: the image as <name>:before-upgrade, the record and its previous generation in state/before-upgrade/.
Run again it goes on where it was; what was kept stays when the new image is the one that runs already.
TEXT
}

say() { printf '%s\n' "$*"; }
die() {
  printf 'upgrade-updater.sh: %s\n' "$*" >&2
  exit 1
}

main() {
  case "${1:-}" in
    --help | -h) usage; exit 0 ;;
    '' | --back) ;;
    *) usage >&2; die "unknown argument: $1" ;;
  esac
  cd "$PROJECT"
  # Before anything is stopped: the record is copied while no updater runs.
  [[ ! -e state || -w state ]] || die "this user may not write state/; run this as its owner, or with sudo; nothing was changed"
  image="$(image_of_service)"
  [[ -n $image ]] || die "Compose tells no image of $SERVICE; nothing was changed"
  [[ $image != *@* ]] || die "$SERVICE has its image by a digest ($image), which no build here can have; give it a name with a tag (UPDATER_IMAGE)"
  # A colon before the last slash is a registry's port.
  repository=$image
  [[ ${image##*/} != *:* ]] || repository=${image%:*}
  if [[ ${1:-} == --back ]]; then back; else upgrade; fi
}

# As the compose files and .env have it. What else is told there, secrets too, goes no further.
image_of_service() {
  local model
  model="$(docker compose config "$SERVICE")" || die "Compose cannot read this project, and says why above; nothing was changed"
  awk -v name="  $SERVICE:" '
    $0 == name { inside = 1; next }
    inside && /^ ? ?[^ ]/ { exit }
    inside && /^    image: / { gsub(/["\047]/, "", $2); print $2; exit }' <<<"$model"
}

upgrade() {
  local ran built
  # What runs, not what the tag means: an image that was built and never started is no way back.
  ran="$(docker inspect --type container --format '{{.Image}}' "$SERVICE" 2>/dev/null)" ||
    ran="$(docker image inspect --format '{{.Id}}' "$image" 2>/dev/null)" ||
    die "there is no updater to be replaced; use docker compose up -d --build"
  # With containerd's image store each attestation would make another image of the same sources, and the way back be lost.
  BUILDX_NO_DEFAULT_ATTESTATIONS=1 docker compose build "$SERVICE"
  built="$(docker image inspect --format '{{.Id}}' "$image")"
  if [[ $built == "$ran" ]]; then
    say "the image of these sources is the one that runs; what was kept for --back stays as it is"
  else
    docker image tag "$ran" "$repository:before-upgrade"
    # Stopped before the record is copied, so that the copy is the last word of the old one.
    stop
    keep_record
  fi
  start
}

keep_record() {
  rm -rf "$KEPT.new"
  mkdir -p "$KEPT.new"
  local file
  for file in state/updater-state.json state/updater-state.json.previous; do
    [[ ! -e $file ]] || cp -p "$file" "$KEPT.new/"
  done
  rm -rf "$KEPT"
  mv "$KEPT.new" "$KEPT"
}

back() {
  docker image inspect "$repository:before-upgrade" >/dev/null 2>&1 || die "no image was kept as $repository:before-upgrade"
  stop
  docker image tag "$repository:before-upgrade" "$image"
  same_schema || exchange_record
  start
}

# An older updater reads no newer schema: it would only observe.
same_schema() {
  [[ ! -d $KEPT ]] || [[ "$(schema_of state/updater-state.json)" == "$(schema_of "$KEPT/updater-state.json")" ]]
}

schema_of() { grep -o '"schema": *[0-9]*' "$1" 2>/dev/null | head -n 1; }

# Any file may be missing: an earlier run may have been stopped in the middle.
exchange_record() {
  local aside file
  aside="state/newer-$(date -u +%Y%m%dT%H%M%SZ)"
  mkdir -p "$aside"
  for file in state/updater-state.json*; do
    [[ ! -e $file ]] || mv "$file" "$aside/"
  done
  # Of a pause that was set since, the kept record knows nothing. The newer one tells by its key for older readers, which every
  # schema has; where it cannot be told none is put there: without a record the updater pauses by itself.
  if grep -qs '^  "paused": false' "$aside/updater-state.json"; then
    for file in "$KEPT"/*; do
      [[ ! -e $file ]] || cp -p "$file" state/
    done
  fi
  say "the newer record is in $aside; the updater adopts what runs, and pauses unless the kept one still fits it"
}

# Whatever fails from here on, such as a copy on a full disk: the stack is not left without an updater.
stop() {
  trap start_again EXIT
  docker compose stop "$SERVICE"
}

start_again() {
  printf 'upgrade-updater.sh: this failed half-way; the updater is started again as it was, run this again once the cause is mended\n' >&2
  docker compose start "$SERVICE" || printf 'upgrade-updater.sh: it does not start either: docker compose up -d --no-deps %s\n' "$SERVICE" >&2
}

start() {
  docker compose up -d --no-deps --no-build "$SERVICE"
  trap - EXIT
  local state
  for ((waited = 0; waited < LIMIT_S; waited += 2)); do
    state="$(docker inspect --format '{{.State.Health.Status}}' "$SERVICE")" || state='not there'
    if [[ $state == healthy ]]; then
      docker exec "$SERVICE" updaterctl doctor --read-only || say "doctor found something, see above; $0 --back is the way back"
      return
    fi
    sleep 2
  done
  die "the updater is $state after $LIMIT_S s: look at docker logs $SERVICE; $0 --back is the way back"
}

main "$@"
