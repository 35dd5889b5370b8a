#!/bin/sh
# Copies programs with the shared libraries that they load into a directory of their own, at the paths that they have here.
# Dockerfile.updater takes git that way: Debian's package brings Perl along, which is four fifths of its size and never used.
# Plain sh, since it runs inside images.
set -eu

usage() {
  cat <<'TEXT'
usage: collect.sh OUT BEFORE FILE...
  OUT     directory that receives everything
  BEFORE  list of files, one a line, that the image had already: they are left out
  FILE    program, link or plain file, absolute
TEXT
}

case "${1:-}" in --help | -h) usage; exit 0 ;; esac
[ $# -ge 3 ] || { usage >&2; exit 2; }
out=$1 before=$2
shift 2

# /lib is a link to /usr/lib: a copy below a real /lib would not fit onto it.
place_of() { echo "$(realpath "$(dirname "$1")")/$(basename "$1")"; }

take() {
  place="$(place_of "$1")"
  if grep -qxF "$place" "$before"; then return; fi
  mkdir -p "$out$(dirname "$place")"
  cp -P "$1" "$out$place"
  if [ -L "$1" ]; then take "$(realpath "$1")"; fi
}

# The loader itself tells what it would load: ldd is a bash script, and not every image has it.
libraries_of() {
  for loader in /lib64/ld-linux*.so.* /lib/ld-linux*.so.*; do
    [ -x "$loader" ] || continue
    "$loader" --list "$1" 2>/dev/null | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p'
    return
  done
}

mkdir -p "$out"
for file in "$@"; do
  take "$file"
  [ ! -L "$file" ] || continue # its target is a program of its own
  for library in $(libraries_of "$file"); do take "$library"; done
done
