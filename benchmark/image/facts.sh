#!/bin/sh
# What an image's labels and image.json say of the project: NAME=value, a line each.
#   facts.sh VARIANT [COMMIT]
set -eu

variant=${1:-cuda13}
root=$(cd "$(dirname "$0")/../.." && pwd)
case $variant in
  cuda13) lock=$root/requirements.lock ;;
  cuda12) lock=$root/requirements-cuda12.lock ;;
  *) echo "error: no variant '$variant'; there are cuda13 and cuda12" >&2; exit 2 ;;
esac

commit() {
  git -C "$root" rev-parse HEAD 2>/dev/null | tr -d '\n' || true
  [ -z "$(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null)" ] || printf +dirty
}

found=${2:-$(commit)}
cat <<FACTS
VARIANT=$variant
COMMIT=${found:-unknown}
VERSION=$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/pyproject.toml")
NNUNET=$(sed -n 's/^ *"nnunetv2==\(.*\)",/\1/p' "$root/pyproject.toml")
PROTOCOL=$(sed -n 's/^PROTOCOL_VERSION = "\(.*\)"/\1/p' "$root/nnactive/__init__.py")
LOCK=$(sha256sum "$lock" | cut -d ' ' -f 1)
FACTS
