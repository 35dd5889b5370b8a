#!/usr/bin/env bash
# Builds one command from its Go module into a file, unless that file is there.
# The build runs inside the module's own (read-only) source, so that its go.sum and its replace lines count as they are.
set -euo pipefail

if [[ $# -ne 5 ]]; then
  echo "usage: build-module.sh MODULE VERSION PACKAGE TARGET LINKFLAG" >&2
  [[ ${1:-} == --help ]] && exit 0 || exit 2
fi
module=$1 version=$2 package=$3 target=$4 linkflag=$5

mkdir -p "$(dirname "$target")"
exec 9>"$target.lock"
flock 9 # two at once: the second finds the work done
[[ ! -x $target ]] || exit 0
trap 'touch "$target.failed"' ERR

export GOFLAGS=-mod=readonly CGO_ENABLED=0 GOTOOLCHAIN=local
cd / # not inside some other module
json="$(go mod download -json "$module@$version")" || {
  echo "$json" >&2 # with -json the error is in there
  touch "$target.failed"
  exit 1
}
cd "$(sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' <<<"$json")"
nice go build -p 2 -trimpath -buildvcs=false -ldflags "-s -w $linkflag" -o "$target.partial" "$package" >&2
mv "$target.partial" "$target"
rm -f "$target.failed"
