#!/bin/sh
# Stands for npm where no registry can be reached: `npm ci` lays out what scripts/machine/stack-images.sh laid ready.
set -eu
if [ "$1" != ci ]; then
  echo "npm (stand-in): unknown command $1" >&2
  exit 1
fi
cp -a /opt/modules ./node_modules
