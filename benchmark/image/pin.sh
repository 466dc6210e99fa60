#!/bin/sh
# Pins what an image is built from:
#   pin.sh base     the newest digest of Debian 12's slim image, in Dockerfile and apptainer.def (needs skopeo)
#   pin.sh debian   the versions of Debian's packages, in debian.lock (needs an engine: ENGINE=docker or podman)
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/benchmark/image
name=docker.io/library/debian:bookworm-slim

need() {
  command -v "$1" > /dev/null || { echo "error: no $1; install it: apt-get install $1" >&2; exit 2; }
}

pin_base() {
  need skopeo
  found=$(skopeo inspect --format '{{.Digest}}' "docker://$name") || {
    echo "error: $name: can't look it up; see skopeo's message above" >&2
    exit 2
  }
  case $found in
    sha256:????????????????????????????????????????????????????????????????) ;;
    *) echo "error: $name: '$found' is not a digest" >&2; exit 1 ;;
  esac
  sed -i "s|${name}@sha256:[0-9a-f]*|$name@$found|" "$root/Dockerfile" "$root/apptainer.def"
  echo "$name@$found"
}

planned() {  # prints name=version of each package that apt would install in the base image
  "$engine" run --rm --network=host "$base" sh -c \
    "apt-get -qq update && apt-get install -s --no-install-recommends $*" |
    sed -n 's/^Inst \([^ ]*\) \(\[[^]]*\] \)\?(\([^ ]*\) .*/\1=\3/p' | sort
}

pin_debian() {
  engine=${ENGINE:-docker}
  need "$engine"
  base=${BASE_IMAGE:-$(sed -n 's/^ARG BASE_IMAGE=//p' "$root/Dockerfile")}
  draft=$(mktemp)
  trap 'rm -f "$draft" "$draft.run" "$draft.all"' EXIT
  planned bubblewrap python3 > "$draft.run"
  planned bubblewrap python3 python3-venv > "$draft.all"
  [ -s "$draft.run" ] && [ -s "$draft.all" ] || {
    echo "error: $base: no answer from apt; see its messages above" >&2
    exit 1
  }
  {
    echo "# Debian's packages, pinned (make pin-debian)."
    printf '\n[run]\n'
    cat "$draft.run"
    printf '\n[build]\n'
    comm -13 "$draft.run" "$draft.all"
  } > "$draft"
  cat "$draft" > "$here/debian.lock"
}

case ${1:-} in
  base) pin_base ;;
  debian) pin_debian ;;
  *) echo "usage: pin.sh base|debian" >&2; exit 2 ;;
esac
