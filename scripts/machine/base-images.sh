#!/usr/bin/env bash
# Imports local stand-ins for the base images that our Dockerfiles and compose files name, made from what is on this
# machine, because a private engine reaches no registry.
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/machine/settings.sh
source "$here/settings.sh"
# shellcheck source=scripts/machine/import-image.sh
source "$here/import-image.sh"

usage() {
  cat <<TEXT
usage: base-images.sh SOCKET
Makes in the engine behind SOCKET, unless they are there:
  gcr.io/distroless/nodejs20-debian12:latest, :nonroot   this machine's node; entry point /nodejs/bin/node, no shell
  node:20-bookworm-slim                                  the same node, with busybox as its shell and commands
  traefik:$TRAEFIK_VERSION                                       the Traefik that prepare.sh built; left out, with a line, if it did not
TEXT
}

DISTROLESS=gcr.io/distroless/nodejs20-debian12
SLIM=node:20-bookworm-slim
TRAEFIK=traefik:$TRAEFIK_VERSION

main() {
  case "${1:-}" in
    --help | -h) usage; exit 0 ;;
    '') usage >&2; exit 2 ;;
  esac
  SOCKET=$1
  [[ -S $SOCKET ]] || die "$SOCKET is no socket; start an engine with engine.sh start DIR and give DIR/docker.sock"
  have busybox || die "busybox is not installed; run scripts/machine/prepare.sh"
  NODE="$(readlink -f "$(command -v node)")" || die "node is not installed; Node 20 or newer is needed"
  WORK="$(mktemp -d)"
  trap 'rm -rf -- "$WORK"' EXIT

  exists "$DISTROLESS:nonroot" || import_distroless
  exists "$SLIM" || build_slim
  if [[ -x $TRAEFIK_BINARY ]]; then
    exists "$TRAEFIK" || import_traefik
  else
    say "base-images: $TRAEFIK left out: it was not built (run scripts/machine/prepare.sh)"
  fi
}

import_distroless() {
  local root="$WORK/distroless"
  make_root "$root"
  mkdir -p "$root/nodejs/bin" "$root/app"
  # A copy: a further link to it, made for another engine at the same time, would be a change to tar.
  cp --reflink=auto "$NODE" "$root/nodejs/bin/node"
  copy_libraries "$root" "$NODE"
  import "$root" "$DISTROLESS:latest" \
    --change 'ENTRYPOINT ["/nodejs/bin/node"]' --change 'WORKDIR /home/nonroot' \
    --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'
  build_on "$DISTROLESS:nonroot" <<DOCKERFILE
FROM $DISTROLESS:latest
USER 65532
DOCKERFILE
}

build_slim() {
  mkdir -p "$WORK/slim"
  cp "$(command -v busybox)" "$WORK/slim/busybox"
  cp "$WORK/slim/busybox" "$WORK/slim/sh"
  # RUN needs a shell before it can make the other commands.
  build_on "$SLIM" "$WORK/slim" <<DOCKERFILE
FROM $DISTROLESS:latest
USER 0
COPY busybox sh /bin/
RUN ["/bin/busybox", "--install", "-s", "/bin"]
# Scripts name their interpreter by it.
RUN mkdir -p /usr/bin && ln -s /bin/busybox /usr/bin/env
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /
ENTRYPOINT []
CMD ["node"]
DOCKERFILE
}

import_traefik() {
  local root="$WORK/traefik"
  make_root "$root"
  mkdir -p "$root/usr/local/bin"
  cp "$TRAEFIK_BINARY" "$root/usr/local/bin/traefik"
  # The official image is Alpine's: health checks may use its shell and commands.
  mkdir -p "$root/bin"
  cp "$(command -v busybox)" "$root/bin/busybox"
  for name in sh cat ls; do ln -s busybox "$root/bin/$name"; done
  # Not the static busybox's own, which ends with a segmentation fault as soon as it looks an address up.
  cp -L "$(command -v wget)" "$root/bin/wget"
  copy_libraries "$root" "$root/bin/wget"
  import "$root" "$TRAEFIK" --change 'ENTRYPOINT ["/usr/local/bin/traefik"]' \
    --change 'ENV PATH=/usr/local/bin:/bin SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt'
}

# What every stand-in has: users as distroless names them, CA certificates, a /tmp.
make_root() {
  mkdir -p "$1"/{etc/ssl/certs,home/nonroot,root,tmp}
  chmod 1777 "$1/tmp"
  chown 65532:65532 "$1/home/nonroot"
  cat >"$1/etc/passwd" <<'PASSWD'
root:x:0:0:root:/root:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin
PASSWD
  printf 'root:x:0:\nnobody:x:65534:\nnonroot:x:65532:\n' >"$1/etc/group"
  cp /etc/ssl/certs/ca-certificates.crt "$1/etc/ssl/certs/"
}

main "$@"
