#!/usr/bin/env bash
# Builds one command from its Go module into a file, unless that file is there.
# The build runs inside the module's own (read-only) source, so that its go.sum and its replace lines count as they are.
# One file of its packages can be replaced by another, for what would take long to build and is not wanted.
set -eEuo pipefail # -E: a failure inside a function is told, too

if [[ $# -ne 5 && $# -ne 7 ]]; then
  echo "usage: build-module.sh MODULE VERSION PACKAGE TARGET LINKFLAG [REPLACED BY]   (REPLACED: MODULE:FILE)" >&2
  [[ ${1:-} == --help ]] && exit 0 || exit 2
fi
module=$1 version=$2 package=$3 target=$4 linkflag=$5 replaced=${6:-} by=${7:-}

mkdir -p "$(dirname "$target")"
exec 9>"$target.lock"
flock 9 # two at once: the second finds the work done
[[ ! -x $target ]] || exit 0
trap 'touch "$target.failed"' ERR

# Fetches a module, unless it is there, and prints where it lies. Of one that nothing has needed yet `go list` knows no place.
directory_of() {
  local json
  json="$(go mod download -json "$1")" || {
    echo "$json" >&2 # with -json the error is in there
    return 1
  }
  sed -n 's/^[[:space:]]*"Dir": "\(.*\)",*$/\1/p' <<<"$json"
}

# Has the build take one module of those that it depends on from a copy, in which one file is another.
replace_file() {
  local module=$1 file=$2 by=$3 work=$4
  local directory
  directory="$(directory_of "$module")"
  cp -r "$directory" "$work/copy"
  chmod -R u+w "$work/copy"
  cp "$by" "$work/copy/$file"
  cp go.mod go.sum "$work"
  chmod u+w "$work"/go.*
  go mod edit -replace "$module=$work/copy" "$work/go.mod"
}

export GOFLAGS=-mod=readonly CGO_ENABLED=0 GOTOOLCHAIN=local
cd / # not inside some other module
directory="$(directory_of "$module@$version")"
cd "$directory"
modfile=()
if [[ -n $replaced ]]; then
  work="$(mktemp -d)"
  trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
  replace_file "${replaced%%:*}" "${replaced#*:}" "$by" "$work"
  modfile=(-modfile "$work/go.mod")
fi
# The compiler needs less time with more memory. Its flags are those of every build here: what they share of Go's own packages is compiled once.
GOGC=400 nice go build -p 2 -trimpath -buildvcs=false "${modfile[@]}" -ldflags "-s -w $linkflag" -o "$target.partial" "$package" >&2
mv "$target.partial" "$target"
rm -f "$target.failed"
