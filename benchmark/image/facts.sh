#!/bin/sh
# Prints the facts about the project for an image's labels and image.json, one NAME=value per line.
#   facts.sh VARIANT [COMMIT]
set -eu

variant=${1:-cuda13}
root=$(cd "$(dirname "$0")/../.." && pwd)
case $variant in
  cuda13) lock=$root/requirements.lock ;;
  cuda12) lock=$root/requirements-cuda12.lock ;;
  *) echo "error: no variant '$variant'; choose cuda13 or cuda12" >&2; exit 2 ;;
esac

copied="nnactive benchmark leaderboard datasets docs/protocol.md examples setup.py"

commit() {
  # An unpacked archive has no commit; that of a folder above would be wrong.
  [ -e "$root/.git" ] || return 0
  git -C "$root" rev-parse HEAD 2>/dev/null | tr -d '\n' || true
  # New files are copied into the image too, and are in no commit.
  # shellcheck disable=SC2086  # one word per folder
  new=$(git -C "$root" ls-files --others --exclude-standard -- $copied 2>/dev/null || true)
  [ -z "$new$(git -C "$root" status --porcelain --untracked-files=no 2>/dev/null)" ] || printf +dirty
}

fact() {  # NAME VALUE
  [ -n "$2" ] || { echo "error: $root: no $1 found; benchmark/image/facts.sh says where it belongs" >&2; exit 2; }
  echo "$1=$2"
}

found=${2:-$(commit)}
facts=$(
  fact VARIANT "$variant"
  fact COMMIT "${found:-unknown}"
  fact VERSION "$(sed -n 's/^version = "\(.*\)"/\1/p' "$root/pyproject.toml")"
  fact NNUNET "$(sed -n 's/^ *"nnunetv2==\(.*\)",/\1/p' "$root/pyproject.toml")"
  fact PROTOCOL "$(sed -n 's/^PROTOCOL_VERSION = "\(.*\)"/\1/p' "$root/nnactive/__init__.py")"
  fact LOCK "$(sha256sum "$lock" | cut -d ' ' -f 1)"
)
echo "$facts"  # all or nothing, as make uses whatever is printed
