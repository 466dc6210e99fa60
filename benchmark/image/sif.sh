#!/bin/sh
# Builds the Apptainer image, which gets its name only when it is complete.
#   sif.sh FILE NAME=value ... -- FLAGS-OF-APPTAINER-BUILD
set -eu

out=$1
shift
arguments=
while [ "${1:---}" != -- ]; do
  arguments="$arguments --build-arg $(echo "${1%%=*}" | tr '[:upper:]' '[:lower:]')=${1#*=}"
  shift
done
[ $# = 0 ] || shift
draft=$(mktemp -d "$(dirname "$out")/.sif.XXXXXXXX")
trap 'rm -rf "$draft"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# shellcheck disable=SC2086  # one word per argument
apptainer build $arguments "$@" "$draft/image.sif" apptainer.def
mv "$draft/image.sif" "$out"
