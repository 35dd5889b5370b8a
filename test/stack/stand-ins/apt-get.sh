#!/bin/sh
# Stands for apt-get where no mirror can be reached: installs what scripts/machine/stack-images.sh laid ready.
set -eu
case "$1" in
  update) exit 0 ;;
  install) shift ;;
  *)
    echo "apt-get (stand-in): unknown command $1" >&2
    exit 100
    ;;
esac
for package in "$@"; do
  case "$package" in -*) continue ;; esac
  if [ ! -d "/opt/packages/$package" ]; then
    echo "E: Unable to locate package $package" >&2
    exit 100
  fi
  cp -a "/opt/packages/$package/." /
done
