# The benchmark and all that it needs but the GPU's driver: docs/containers.md. `make image` gives the arguments.
# apptainer.def makes the same from the same install script and locks.
#
# The digest stands in many public Dockerfiles; it couldn't be pulled where this was written. `make pin-base`
# looks up the newest one. Another base on Debian 12 may stand in: --build-arg BASE_IMAGE=...
ARG BASE_IMAGE=docker.io/library/debian:bookworm-slim@sha256:88200866dfff7ea7f5cbcb6ec7c8a701889efe6fe859fe64d6990e4b07ea4171

FROM ${BASE_IMAGE} AS system
ARG DEBIAN=lock
ARG COMPILER=0
COPY benchmark/image/install.sh benchmark/image/debian.lock /opt/install/
RUN DEBIAN="${DEBIAN}" COMPILER="${COMPILER}" /opt/install/install.sh system

FROM system AS build
ARG DEBIAN=lock
ARG VARIANT=cuda13
ARG COMMIT=unknown
COPY . /opt/benchmark
RUN DEBIAN="${DEBIAN}" VARIANT="${VARIANT}" COMMIT="${COMMIT}" \
    /opt/benchmark/benchmark/image/install.sh benchmark

FROM system
ARG VARIANT=cuda13
ARG COMMIT=unknown
ARG VERSION=unknown
ARG NNUNET=unknown
ARG PROTOCOL=unknown
ARG LOCK=unknown
LABEL org.opencontainers.image.title="nnActive benchmark" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.nnactive.nnunet="${NNUNET}" \
      org.nnactive.protocol="${PROTOCOL}" \
      org.nnactive.variant="${VARIANT}" \
      org.nnactive.lock="${LOCK}"
# What NVIDIA's runtime looks for.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build /opt/benchmark /opt/benchmark
USER 65534:65534
ENTRYPOINT ["/opt/benchmark/benchmark/image/run.sh"]
CMD ["--help"]
