#!/bin/sh
# Builds the Apptainer image; it has its name only when it is whole.
#   sif.sh FILE NAME=value ... -- apptainer's flags
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
# shellcheck disable=SC2086  # a word an argument
apptainer build $arguments "$@" "$draft/image.sif" apptainer.def
mv "$draft/image.sif" "$out"
