#!/usr/bin/env bash
# Makes local stand-ins for the third-party images of the whole stack, because a private engine reaches no registry:
# PostgreSQL is the real program from Debian's packages; qdrant, ollama, cloudflared and socket-proxy are small programs of
# test/stack/stand-ins. Each keeps its image's user, paths, volumes, ports and commands. What a build would fetch (packages,
# modules of node) is handed out by commands of the same names from what this machine has.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/machine/settings.sh
source "$here/settings.sh"
# shellcheck source=scripts/machine/import-image.sh
source "$here/import-image.sh"

STAND_INS="$here/../../test/stack/stand-ins"
SLIM=node:20-bookworm-slim

usage() {
  cat <<TEXT
usage: stack-images.sh SOCKET IMAGE...
Makes each IMAGE in the engine behind SOCKET, unless it is there. Its repository tells what is made:
  postgres, qdrant/qdrant, ollama/ollama, cloudflare/cloudflared, wollomatic/socket-proxy (built with Go), docker (the client
  with Compose), and node, which gets an apt-get that knows git, openssh-client and ca-certificates, and an npm that knows this project's modules
Run base-images.sh first.
TEXT
}

main() {
  [[ ${1:-} != --help && ${1:-} != -h ]] || { usage; exit 0; }
  [[ $# -ge 2 ]] || { usage >&2; exit 2; }
  SOCKET=$1
  WORK="$(mktemp -d)"
  trap 'rm -rf -- "$WORK"' EXIT
  local image
  for image in "${@:2}"; do
    made "$image" || make "$image" || die "could not make $image"
  done
}

# base-images.sh makes a node without the commands that fetch.
made() {
  exists "$1" || return 1
  [[ $1 != "$SLIM" ]] || [[ $(docker_there image inspect --format '{{index .Config.Labels "zetherion.fetches"}}' "$1") == true ]]
}

make() {
  case "${1%%[:@]*}" in
    postgres) make_postgres "$1" ;;
    qdrant/qdrant) make_qdrant "$1" ;;
    ollama/ollama) make_ollama "$1" ;;
    cloudflare/cloudflared) make_cloudflared "$1" ;;
    wollomatic/socket-proxy) make_socket_proxy "$1" ;;
    docker) make_docker "$1" ;;
    node) make_node "$1" ;;
    *) die "there is no stand-in for $1" ;;
  esac
}

# Debian's server without what only its just-in-time compiler needs, at the official image's paths, user and volume.
make_postgres() {
  local context="$WORK/postgres" server file
  server="$(postgres_directory)" || die "PostgreSQL is not installed; run scripts/machine/prepare.sh"
  local version=${server##*/}
  local root="$context/root"
  mkdir -p "$root$server/bin" "$root$server/lib" "$root/usr/share/postgresql" "$root/usr/share/zoneinfo" "$root/usr/local/bin"
  cp -a "/usr/share/postgresql/$version" "$root/usr/share/postgresql/"
  cp -a /usr/share/zoneinfo/{UTC,GMT,Etc} "$root/usr/share/zoneinfo/" 2>/dev/null || true # without time zone data it knows UTC
  sed -i "s/^#listen_addresses = .*/listen_addresses = '*'/" "$root/usr/share/postgresql/$version/postgresql.conf.sample"
  find "$server/lib" -maxdepth 1 -name '*.so' ! -name 'llvmjit*' -exec cp -a {} "$root$server/lib/" \;
  for file in postgres initdb pg_ctl pg_isready psql pg_dump; do
    cp "$server/bin/$file" "$root$server/bin/"
    copy_libraries "$root" "$server/bin/$file"
  done
  for file in "$root$server"/lib/*.so; do copy_libraries "$root" "$file"; done
  add_commands "$root" bash setpriv
  cp "$STAND_INS/postgres-entrypoint.sh" "$root/usr/local/bin/docker-entrypoint.sh"
  # Only what is written at run time belongs to the user of the official image.
  build_on "$1" "$context" <<DOCKERFILE
FROM $SLIM
COPY root /
RUN addgroup -g 70 postgres 2>/dev/null || echo 'postgres:x:70:' >>/etc/group; \
    echo 'postgres:x:70:70::/var/lib/postgresql:/bin/sh' >>/etc/passwd; \
    mkdir -p /var/lib/postgresql/data /var/run/postgresql; \
    chown -R 70:70 /var/lib/postgresql /var/run/postgresql; \
    chmod 1777 /var/lib/postgresql/data; chmod 3777 /var/run/postgresql
ENV PGDATA=/var/lib/postgresql/data PATH=$server/bin:/usr/local/bin:/usr/bin:/bin
VOLUME /var/lib/postgresql/data
STOPSIGNAL SIGINT
EXPOSE 5432
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
DOCKERFILE
}

make_qdrant() {
  program qdrant "$WORK/qdrant" /qdrant/qdrant
  build_on "$1" "$WORK/qdrant" <<DOCKERFILE
FROM $SLIM
COPY root /
WORKDIR /qdrant
EXPOSE 6333 6334
CMD ["./qdrant"]
DOCKERFILE
}

make_ollama() {
  program ollama "$WORK/ollama" /usr/bin/ollama
  build_on "$1" "$WORK/ollama" <<DOCKERFILE
FROM $SLIM
COPY root /
ENV OLLAMA_HOST=0.0.0.0:11434 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 11434
ENTRYPOINT ["/usr/bin/ollama"]
CMD ["serve"]
DOCKERFILE
}

make_cloudflared() {
  program cloudflared "$WORK/cloudflared" /usr/local/bin/cloudflared
  rm -rf "$WORK/cloudflared/root/bin" "$WORK/cloudflared/root/usr/bin" # the real one has no shell either
  build_on "$1" "$WORK/cloudflared" <<DOCKERFILE
FROM gcr.io/distroless/nodejs20-debian12:nonroot
COPY root /
USER 65532:65532
ENTRYPOINT ["cloudflared", "--no-autoupdate"]
CMD ["version"]
DOCKERFILE
}

# One program under both names of the real image, which has nothing else.
make_socket_proxy() {
  local context="$WORK/socket-proxy"
  mkdir -p "$context"
  (cd "$STAND_INS/socket-proxy" && CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$context/socket-proxy" .)
  cp "$context/socket-proxy" "$context/healthcheck"
  build_on "$1" "$context" <<DOCKERFILE
FROM scratch
USER 65534:65534
VOLUME /var/run/docker.sock
EXPOSE 2375
ENTRYPOINT ["/socket-proxy"]
COPY healthcheck socket-proxy /
DOCKERFILE
}

# The client and its Compose plugin where the official image has them.
make_docker() {
  local root="$WORK/docker/root" file
  mkdir -p "$root/usr/local/bin" "$root/usr/local/libexec/docker/cli-plugins"
  cp -L "$(command -v docker)" "$root/usr/local/bin/docker"
  copy_libraries "$root" "$(command -v docker)"
  cp -L "$COMPOSE_BINARY" "$root/usr/local/libexec/docker/cli-plugins/docker-compose"
  build_on "$1" "$WORK/docker" <<DOCKERFILE
FROM $SLIM
COPY root /
CMD ["sh"]
DOCKERFILE
}

make_node() {
  local root="$WORK/node/root" git="$WORK/node/root/opt/packages/git" openssh="$WORK/node/root/opt/packages/openssh-client" file
  [[ $1 == "$SLIM" ]] || die "there is a stand-in for $SLIM only"
  mkdir -p "$git"/usr/{bin,lib,share} "$openssh/usr/bin" "$root/usr/bin" "$root/opt/packages/ca-certificates/etc/ssl/certs"
  cp -a /usr/bin/git /usr/bin/git-{receive-pack,upload-pack,upload-archive} "$git/usr/bin/"
  cp -a /usr/share/git-core "$git/usr/share/"
  cp -a /usr/lib/git-core "$git/usr/lib/"
  for file in git git-remote-https; do copy_libraries "$git" "$git/usr/lib/git-core/$file"; done
  cp /usr/bin/ssh-keygen "$openssh/usr/bin/"
  copy_libraries "$openssh" /usr/bin/ssh-keygen
  cp /etc/ssl/certs/ca-certificates.crt "$root/opt/packages/ca-certificates/etc/ssl/certs/"
  modules_of_project "$root/opt/modules"
  cp "$STAND_INS/apt-get.sh" "$root/usr/bin/apt-get"
  cp "$STAND_INS/npm.sh" "$root/usr/bin/npm"
  add_commands "$root" find
  build_on "$1" "$WORK/node" <<DOCKERFILE
FROM $SLIM
COPY root /
LABEL zetherion.fetches=true
DOCKERFILE
}

# Those that the bundle is made of and with, which is less than npm would install.
modules_of_project() {
  local project module
  project="$(realpath "$here/../..")"
  [[ -d $project/node_modules ]] || die "$project has no node_modules; run npm ci there"
  mkdir -p "$1"
  { npm ls --prefix "$project" --omit=dev --all --parseable 2>/dev/null | tail -n +2; ls -d "$project"/node_modules/{esbuild,@esbuild/*}; } |
    sort -u | sed "s,^$(realpath "$project/node_modules")/,," | while read -r module; do
    mkdir -p "$1/$(dirname "$module")"
    cp -a "$project/node_modules/$module" "$1/$(dirname "$module")/"
  done
}

# program NAME CONTEXT PATH: a stand-in as an executable file at PATH, with bash beside it.
program() {
  local root="$2/root"
  mkdir -p "$root/opt/stand-in" "$root$(dirname "$3")"
  echo '{ "type": "module" }' >"$root/opt/stand-in/package.json"
  cp "$STAND_INS/$1.js" "$STAND_INS/service.js" "$root/opt/stand-in/"
  printf '#!/nodejs/bin/node\nimport("/opt/stand-in/%s.js")\n' "$1" >"$root$3"
  chmod 755 "$root$3"
  add_commands "$root" bash
}

# add_commands ROOT NAME...: commands of this machine with their libraries.
add_commands() {
  local root=$1 name
  mkdir -p "$root/usr/bin" "$root/bin"
  for name in "${@:2}"; do
    cp -L "$(command -v "$name")" "$root/bin/$name"
    copy_libraries "$root" "$(command -v "$name")"
  done
}

main "$@"
