#!/bin/sh
# Installs the benchmark into an image; called by both Dockerfile and apptainer.def, so that they stay the same:
#   install.sh system      Debian packages that a run needs
#   install.sh benchmark   the lock's packages, the project, image.json and sbom.json, all in /opt/benchmark
#   install.sh labels      prints the image's labels, one per line
# Environment:
#   VARIANT   cuda13 or cuda12: which lock
#   COMMIT    commit of the project that was copied in
#   COMPILER  1: install gcc, with which torch.compile speeds up trainings on a GPU
#   DEBIAN    lock: exactly the versions in debian.lock; newest: today's from the mirrors; or a timestamp of
#             snapshot.debian.org such as 20261128T000000Z, for locked versions that no mirror has any more
set -eu

home=/opt/benchmark
here=$(dirname "$0")
python=$home/venv/bin/python
debian=${DEBIAN:-lock}
export DEBIAN_FRONTEND=noninteractive

use_snapshot() {
  site=http://snapshot.debian.org/archive
  rm -f /etc/apt/sources.list.d/*
  {
    echo "deb [check-valid-until=no] $site/debian/$debian bookworm main"
    echo "deb [check-valid-until=no] $site/debian-security/$debian bookworm-security main"
  } > /etc/apt/sources.list
}

locked() {  # packages in section $1 of debian.lock
  awk -v part="[$1]" '/^\[/ { on = $0 == part; next } on && NF' "$here/debian.lock"
}

apt_install() {  # package=version ...
  [ $# -gt 0 ] || { echo "error: debian.lock names no packages; run: make pin-debian" >&2; exit 2; }
  case $debian in lock | newest) ;; *) use_snapshot ;; esac
  apt-get -qq update
  # shellcheck disable=SC2046  # one word per package
  [ "$debian" != newest ] || set -- $(printf '%s\n' "$@" | sed 's/=.*//')
  apt-get -qq install -y --no-install-recommends "$@" > /dev/null || {
    echo "error: Debian no longer has the versions in debian.lock; run: make pin-debian, or build with DEBIAN=newest" >&2
    exit 2
  }
  rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/cache/ldconfig/* /var/log/*
}

install_system() {
  # shellcheck disable=SC2046
  apt_install $(locked run)
  [ "${COMPILER:-}" != 1 ] || debian=newest apt_install gcc libc6-dev libpython3-dev
  mkdir -p /data /results /scratch
}

pip_install() {
  "$python" -m pip install --quiet --no-cache-dir --disable-pip-version-check --no-deps --use-pep517 \
    --no-build-isolation "$@"
}

install_benchmark() {
  cp -r /var/lib/dpkg "$1/dpkg"  # before packages that only the build needs
  # shellcheck disable=SC2046
  apt_install $(locked build)
  "$here/facts.sh" "${VARIANT:-cuda13}" "${COMMIT:-unknown}" > "$home/facts"
  [ "${VARIANT:-cuda13}" = cuda13 ] || cp "$home/requirements-$VARIANT.lock" "$home/requirements.lock"
  find "$home" -name __pycache__ -prune -exec rm -rf {} +
  chmod -R a+rX "$home"
  python3 -m venv "$home/venv"
  awk '/^setuptools==/ { on = 1 } on; on && !/\\$/ { exit }' "$home/requirements.lock" > "$1/setuptools.lock"
  pip_install --require-hashes -r "$1/setuptools.lock"  # builds the two packages without a wheel
  pip_install --require-hashes -r "$home/requirements.lock"
  pip_install --editable "$home"
  "$python" -m compileall -q "$home/nnactive" "$home/benchmark" "$home/leaderboard"
  "$python" -c 'from leaderboard.page.libraries import install; install()'  # saves each page a second
  cat > "$home/image.json" <<RECORD
{
 "variant": "$(fact VARIANT)",
 "version": "$(fact VERSION)",
 "commit": "$(fact COMMIT)",
 "nnunet": "$(fact NNUNET)",
 "protocol": "$(fact PROTOCOL)",
 "lock": "$(fact LOCK)"
}
RECORD
}

fact() {
  sed -n "s/^$1=//p" "$home/facts"
}

labels() {  # the same as in Dockerfile
  cat <<LABELS
org.opencontainers.image.title nnActive benchmark
org.opencontainers.image.version $(fact VERSION)
org.opencontainers.image.revision $(fact COMMIT)
org.opencontainers.image.licenses Apache-2.0
org.nnactive.nnunet $(fact NNUNET)
org.nnactive.protocol $(fact PROTOCOL)
org.nnactive.variant $(fact VARIANT)
org.nnactive.lock $(fact LOCK)
LABELS
}

remove_build_packages() {  # an Apptainer image has a single layer
  # shellcheck disable=SC2046
  dpkg --purge $(locked build | sed 's/=.*//') > /dev/null
}

list_packages() {
  python3 -m venv "$1/tools"
  "$1/tools/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check --no-deps --require-hashes \
    -r "$here/sbom.lock"
  mkdir -p "$1/root/var/lib"
  mv "$1/dpkg" "$1/root/var/lib/dpkg"
  cp -r /etc "$1/root/etc"
  "$1/tools/bin/cyclonedx-py" environment --output-reproducible --pyproject "$home/pyproject.toml" \
    -o "$1/python.cdx.json" "$python"
  id=--cdx-serialnumber=00000000-0000-4000-8000-000000000000
  when=--timestamp=1970-01-01T00:00:00Z  # so that the same packages give the same file
  "$1/tools/bin/debsbom" generate -t cdx -r "$1/root" -o "$1/debian" "$id" "$when"
  "$1/tools/bin/debsbom" merge -t cdx -o "$1/all" "$id" "$when" --distro-name nnactive-benchmark \
    "$1/debian.cdx.json" "$1/python.cdx.json"
  mv "$1/all.cdx.json" "$home/sbom.json"
}

case ${1:-} in
  system) install_system ;;
  benchmark)
    work=$(mktemp -d)
    install_benchmark "$work"
    list_packages "$work"
    rm -rf "$work"
    remove_build_packages
    ;;
  labels) labels ;;
  *) echo "usage: install.sh system|benchmark|labels" >&2; exit 2 ;;
esac
