#!/usr/bin/env bash
# Makes a bare Debian machine ready for the Docker level of the tests: an engine (not started), Traefik and
# Compose v2, both built from their Go modules into a cache outside the checkout, and PostgreSQL (not started); and for
# the levels that trace system calls (strace) and cut the power of disks (mkfs.ext4).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=scripts/machine/settings.sh
source "$here/settings.sh"

usage() {
  cat <<TEXT
usage: prepare.sh [--require] [--check]
  (none)      install and build what is missing; what could not be made is printed with its reason, exit 0
  --require   the same, but exit 1 if anything is missing at the end
  --check     change nothing; print one line a part: "docker ready: <path>" or "docker missing: <reason>"
Cache: $CACHE (set ZETHERION_CACHE to move it).
TEXT
}

PACKAGES=(docker.io iptables iproute2 git openssh-client strace busybox-static ca-certificates util-linux procps tar e2fsprogs postgresql wget)
# The command, file or pattern of files by which each package above is known to be there, so that a second run asks apt nothing.
WITNESSES=(dockerd iptables ip git ssh-keygen strace busybox /etc/ssl/certs/ca-certificates.crt flock ps tar mkfs.ext4 '/usr/lib/postgresql/*/bin/postgres' wget)

main() {
  local require=false check=false
  for argument in "$@"; do
    case "$argument" in
      --require) require=true ;;
      --check) check=true ;;
      --help | -h) usage; exit 0 ;;
      *) usage >&2; die "unknown argument: $argument" ;;
    esac
  done
  # Debian keeps daemons' commands in sbin, which a plain user's PATH leaves out.
  PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

  if ! $check; then
    install_packages || say "prepare: packages were not installed (see above)"
    build traefik "$TRAEFIK_BINARY" github.com/traefik/traefik/v3 "$TRAEFIK_VERSION" ./cmd/traefik \
      "-X github.com/traefik/traefik/v3/pkg/version.Version=${TRAEFIK_VERSION#v}" \
      github.com/go-acme/lego/v5:providers/dns/zz_gen_dns_providers.go "$here/no-dns-providers.go"
    build compose "$COMPOSE_BINARY" github.com/docker/compose/v2 "$COMPOSE_VERSION" ./cmd \
      "-X github.com/docker/compose/v2/internal.Version=$COMPOSE_VERSION"
    link_compose
  fi
  report || { ! $require || die "--require: not everything is there"; }
}

install_packages() {
  local missing=()
  for i in "${!PACKAGES[@]}"; do
    have "${WITNESSES[$i]}" || compgen -G "${WITNESSES[$i]}" >/dev/null || missing+=("${PACKAGES[$i]}")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  have apt-get || { say "prepare: no apt-get here; install by hand: ${missing[*]}"; return 1; }
  [[ $(id -u) == 0 ]] || { say "prepare: not root; run: sudo apt-get install --no-install-recommends ${missing[*]}"; return 1; }

  forbid_autostart
  apt-get update -qq >&2 || say "prepare: apt-get update failed; trying with the lists that are here"
  local status=0
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >&2 || status=$?
  allow_autostart
  return "$status"
}

# Debian starts a daemon when it installs it; a system-wide engine is not ours to start.
POLICY=/usr/sbin/policy-rc.d
POLICY_MARK='# zetherion-updater: no autostart while preparing'
forbid_autostart() {
  [[ -e $POLICY ]] && return
  printf '#!/bin/sh\n%s\nexit 101\n' "$POLICY_MARK" >"$POLICY"
  chmod 755 "$POLICY"
}
allow_autostart() {
  if grep -qsF "$POLICY_MARK" "$POLICY"; then rm -f "$POLICY"; fi
}

# build NAME TARGET MODULE VERSION PACKAGE LINKFLAG [REPLACED BY]
build() {
  local name=$1 target=$2
  [[ ! -x $target ]] || return 0
  go_is_new_enough >/dev/null || return 0 # the report says it
  say "prepare: building $name $4 (minutes, once) ..."
  "$here/build-module.sh" "$3" "$4" "$5" "$target" "${@:6}" || say "prepare: building $name $4 failed (see above)"
}

# Prints why not, if not.
go_is_new_enough() {
  have go || { echo "Go is not installed; it is built with Go 1.26 or newer (Debian 12's golang is too old)"; return 1; }
  local minor
  minor="$(GOTOOLCHAIN=local go env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')"
  [[ ${minor:-0} -ge 26 ]] || { echo "$(go version | cut -d' ' -f3) is too old; it is built with Go 1.26 or newer"; return 1; }
}

link_compose() {
  [[ -x $COMPOSE_BINARY ]] || return 0
  mkdir -p "$DOCKER_CONFIG_DIR/cli-plugins"
  ln -sfn "$COMPOSE_BINARY" "$DOCKER_CONFIG_DIR/cli-plugins/docker-compose"
}

report() {
  local complete=0
  part docker "$(command -v docker)" "$(why_no_docker)" || complete=1
  part traefik "$TRAEFIK_BINARY" "$(why_no_binary "$TRAEFIK_BINARY")" || complete=1
  part compose "$DOCKER_CONFIG_DIR/cli-plugins/docker-compose" "$(why_no_binary "$COMPOSE_BINARY")" || complete=1
  part postgres "$(postgres_directory)" "$(why_no_postgres)" || complete=1
  part go "$(command -v go)" "$(go_is_new_enough)" || complete=1
  return "$complete"
}

why_no_postgres() { postgres_directory >/dev/null || echo "no server below /usr/lib/postgresql; run scripts/machine/prepare.sh as root"; }

# part NAME PATH REASON
part() {
  if [[ -z $3 ]]; then echo "$1 ready: $2"; else
    echo "$1 missing: $3"
    return 1
  fi
}

why_no_docker() {
  [[ $(uname -s) == Linux ]] || { echo "a private engine needs Linux"; return; }
  [[ $(id -u) == 0 ]] || { echo "starting a private engine needs root"; return; }
  for command in dockerd containerd docker runc ip busybox flock wget; do
    have "$command" || { echo "the command $command is not installed; run scripts/machine/prepare.sh as root"; return; }
  done
}

why_no_binary() {
  [[ ! -x $1 ]] || return 0
  [[ ! -e $1.failed ]] || { echo "its build failed; run scripts/machine/prepare.sh and read its output"; return; }
  go_is_new_enough || return 0
  echo "not built yet; run scripts/machine/prepare.sh"
}

main "$@"
exit # bash reads as it goes: an edit of this file must not reach a run under way
