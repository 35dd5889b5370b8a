#!/usr/bin/env bash
# Tells what the layers of an image weigh, those of its base apart from those on top of it.
set -euo pipefail

usage() {
  cat <<'TEXT'
usage: image-layers.sh [IMAGE [BASE]]     default: zetherion-updater:current node:20-bookworm-slim
Prints a line a layer, newest first, and the sums. The client's own variables (DOCKER_HOST) say which engine is asked.
TEXT
}

case "${1:-}" in --help | -h) usage; exit 0 ;; esac
image=${1:-zetherion-updater:current} base=${2:-node:20-bookworm-slim}

bytes_of() { docker history --no-trunc --human=false --format '{{.Size}}' "$1"; }

layers="$(docker history --no-trunc --human=false --format '{{.Size}}\t{{.CreatedBy}}' "$image")"
beneath="$(bytes_of "$base" | wc -l)"
ours=$(($(wc -l <<<"$layers") - beneath))
awk -F'\t' -v ours="$ours" -v image="$image" -v base="$base" '
  NR > ours { below += $1; next }
  { sum += $1; if ($1 > 0) printf "%10.2f MB  %s\n", $1 / 1e6, substr($2, 1, 110) }
  END {
    printf "%10.2f MB  %s adds to its base\n", sum / 1e6, image
    printf "%10.2f MB  %s below it\n", below / 1e6, base
  }' <<<"$layers"
