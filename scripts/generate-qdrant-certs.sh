#!/usr/bin/env bash
# Makes a certificate for qdrant, signed by an authority of its own, which the clients are given to trust.
set -euo pipefail

PROJECT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
DAYS=825 # longer is refused by some clients

usage() {
  cat <<TEXT
usage: generate-qdrant-certs.sh [--renew] [DIR]      default: $PROJECT/state/qdrant-certs
Makes DIR/ca.pem, DIR/cert.pem and DIR/key.pem, for the names qdrant, zetherion-ai-qdrant and localhost, valid for $DAYS days.
What is there stays; --renew makes a new certificate with the same authority, if its key is still there.
Then take away the comment signs of the TLS lines of qdrant in docker-compose.yml, by a commit of the release's repository (a local
change would be in the way of the next release that changes the file), and give the clients ca.pem.
TEXT
}

die() {
  printf 'generate-qdrant-certs.sh: %s\n' "$*" >&2
  exit 1
}

failed() {
  cat openssl.log >&2
  die "openssl failed, and says why above; run this again when that is mended"
}

main() {
  local renew=false dir="$PROJECT/state/qdrant-certs"
  for argument in "$@"; do
    case "$argument" in
      --help | -h) usage; exit 0 ;;
      --renew) renew=true ;;
      -*) usage >&2; die "unknown argument: $argument" ;;
      *) dir=$argument ;;
    esac
  done
  command -v openssl >/dev/null || die "openssl is not installed"
  umask 077
  mkdir -p "$dir"
  cd "$dir"
  if [[ -e cert.pem ]] && ! $renew; then
    echo "$dir/cert.pem is there: $(openssl x509 -in cert.pem -noout -enddate); --renew makes a new one"
    return
  fi
  # In a file, since openssl tells its progress there as well.
  if [[ ! -e ca-key.pem || ! -e ca.pem ]]; then make_authority 2>openssl.log || failed; fi
  make_certificate 2>openssl.log || failed
  rm -f openssl.log
  # qdrant runs as root, but without the capability to read past permissions: key and certificate must be root's or readable.
  chmod 644 ca.pem cert.pem key.pem
  echo "made $dir/cert.pem and key.pem; the clients trust $dir/ca.pem. Keep ca-key.pem for --renew, or delete it. A qdrant that runs takes it at its next start."
}

make_authority() {
  openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj '/CN=zetherion-ai qdrant authority' \
    -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign,cRLSign' \
    -keyout ca-key.pem -out ca.pem
}

make_certificate() {
  openssl req -newkey rsa:3072 -nodes -sha256 -subj /CN=qdrant -keyout key.pem.new -out request.pem &&
    openssl x509 -req -sha256 -days "$DAYS" -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -out cert.pem.new \
      -extfile <(printf '%s\n' 'subjectAltName=DNS:qdrant,DNS:zetherion-ai-qdrant,DNS:localhost,IP:127.0.0.1' 'extendedKeyUsage=serverAuth') &&
    mv key.pem.new key.pem && mv cert.pem.new cert.pem && rm -f request.pem ca.srl
}

main "$@"
