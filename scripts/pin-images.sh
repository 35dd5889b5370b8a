#!/usr/bin/env bash
# Writes the digests of the stack's third-party images into its compose files and Dockerfiles, as the registries name them now.
set -euo pipefail

PROJECT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"

usage() {
  cat <<'TEXT'
usage: pin-images.sh [--update] [--check] [FILE...]
  (none)     pins every image that has no digest yet
  --update   asks for those that are pinned already as well: what their tag means now
  --check    changes nothing; exits with 1 if an image has no digest
FILE         default: docker-compose*.yml and Dockerfile.updater of the project
A digest stands behind its tag: name:tag@sha256:... Look at what changed with git diff, and commit it: it is part of a release.
TEXT
}

die() {
  printf 'pin-images.sh: %s\n' "$*" >&2
  exit 1
}

main() {
  local update=false check=false files=() file
  for argument in "$@"; do
    case "$argument" in
      --help | -h) usage; exit 0 ;;
      --update) update=true ;;
      --check) check=true ;;
      -*) usage >&2; die "unknown argument: $argument" ;;
      *) files+=("$argument") ;;
    esac
  done
  [[ ${#files[@]} -gt 0 ]] || files=("$PROJECT"/docker-compose*.yml "$PROJECT/Dockerfile.updater")

  local image digest open=0
  for file in "${files[@]}"; do
    while read -r image; do
      if [[ $image == *@* ]] && ! $update; then continue; fi
      if $check; then
        [[ $image == *@* ]] || { echo "$file: $image has no digest"; open=1; }
        continue
      fi
      digest="$(digest_of "${image%@*}")"
      write_digest "$file" "$image" "${image%@*}@$digest"
      echo "$file: ${image%@*}@$digest"
    done < <(images_in "$file")
  done
  return "$open"
}

# What is pulled: neither our own images, which are built, nor stages of a Dockerfile.
images_in() {
  sed -nE 's/^ *image: ([^ ]+).*/\1/p; s/^FROM ([^ ]+:[^ ]+).*/\1/p' "$1" | grep -vE '^(zetherion-|\$)' | sort -u || true
}

digest_of() {
  local digest
  digest="$(docker buildx imagetools inspect "$1" --format '{{.Manifest.Digest}}' 2>/dev/null)" || digest=
  if [[ -z $digest ]]; then # without buildx: the image itself is fetched
    docker pull --quiet "$1" >/dev/null || die "$1 cannot be asked for; is there a way to its registry?"
    digest="$(docker image inspect --format '{{index .RepoDigests 0}}' "$1")"
    digest=${digest#*@}
  fi
  [[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || die "the registry has no digest for $1"
  echo "$digest"
}

# write_digest FILE OLD NEW: whole words only, so that a longer tag is left alone.
write_digest() {
  OLD=$2 NEW=$3 awk '{
    at = index($0, ENVIRON["OLD"]); next_one = substr($0, at + length(ENVIRON["OLD"]), 1)
    if (at && (next_one == "" || next_one == " ")) $0 = substr($0, 1, at - 1) ENVIRON["NEW"] substr($0, at + length(ENVIRON["OLD"]))
    print
  }' "$1" >"$1.new"
  cat "$1.new" >"$1"
  rm "$1.new"
}

main "$@"
