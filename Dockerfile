# The benchmark with everything it needs except the GPU's driver: docs/containers.md. `make image` sets the arguments.
# apptainer.def builds the same from the same install script and locks.
#
# The digest is from public Dockerfiles and has not been pulled for this project; `make pin-base` pins the newest one.
# Any base on Debian 12 will do: --build-arg BASE_IMAGE=...
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
# Read by NVIDIA's runtime.
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build /opt/benchmark /opt/benchmark
USER 65534:65534
ENTRYPOINT ["/opt/benchmark/benchmark/image/run.sh"]
CMD ["--help"]
