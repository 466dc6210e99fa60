# `make help` lists the targets. `make` exits with 2 if a target fails;
# the command line itself exits with 2 for an error you can fix and with 1 for a failure.
TRACK ?= demo
DATA ?= $(or $(value NNACTIVE_DATA),data)
RUNS ?= $(or $(value NNACTIVE_RUNS),runs)
OUT ?= leaderboard.html
CORES ?=
DATASET ?=
REGIME ?=
PUBLISHED ?=
STRICT ?=
RUNTIME ?=
IMAGE ?=
# Where submit leaves a bundle to hand in; {id} is the method's id.
BUNDLE ?= bundles/{id}
# 1: submit keeps the networks, for `reproduce --method --models`.
KEEP ?=
# The first that starts; all have the locked packages (tests/test_lock.py).
PYTHON ?= $(shell for v in 3.11 3.12 3.13; do python$$v -c '' 2>/dev/null && echo python$$v && break; done || echo python3)
UV ?= $(shell command -v uv)

VARIANT ?= cuda13
# Not from the environment: WSL sets a variable of this name.
NAME := nnactive-benchmark
SIF ?= benchmark.sif
ENGINE ?= $(shell docker info >/dev/null 2>&1 && echo docker || echo podman)
BASE = $(if $(BASE_IMAGE),BASE_IMAGE=$(BASE_IMAGE)) $(if $(DEBIAN),DEBIAN=$(DEBIAN)) $(if $(COMPILER),COMPILER=$(COMPILER))

# Commands get what is given in the environment, as it is: a path may hold what make or a shell
# would read ($, quotes, a newline).
GIVEN := TRACK DATA RUNS OUT CORES DATASET REGIME RUNTIME IMAGE METHOD SIF BUNDLE
as_given = $(if $(filter command environment,$(firstword $(origin $(1)))),$(value $(1)),$($(1)))
$(foreach name,$(GIVEN),$(eval override $(name) := $$(call as_given,$(name))))
export $(GIVEN) NAME

VENV := .venv
BIN := $(VENV)/bin
BENCH := $(BIN)/nnactive-bench $(if $(DEBUG),--debug)
# Says every few seconds how long a silent command still takes.
WAIT := $(BIN)/python -m benchmark.cli.waits
PART := $(if $(DATASET),--dataset "$$DATASET") $(if $(REGIME),--regime "$$REGIME")
# IMAGE=1: a submission.yaml's requirements go into a layer on the image, so the run is in a container.
IN := $(or $(RUNTIME),$(if $(IMAGE),docker))
INSIDE := $(if $(IN),--runtime "$${RUNTIME:-docker}") $(if $(filter docker,$(IN)),--image "$$NAME") $(if $(filter apptainer,$(IN)),--image "$$SIF") $(if $(IMAGE),--layer)
PLACES := --data "$$DATA" --runs "$$RUNS" --out "$$OUT" $(if $(CORES),--cores "$$CORES")

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help venv benchmark submit leaderboard test test-fast bench lint types schema lock image sif image-test pin-base pin-debian

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-12s %s\n", $$1, $$2}' Makefile
	@echo "variables: TRACK=$$TRACK DATA=$$DATA RUNS=$$RUNS OUT=$$OUT CORES= RUNTIME= IMAGE=1 METHOD= BUNDLE= KEEP=1 DATASET= REGIME= PUBLISHED=1 STRICT=1 DEBUG=1"

venv: $(VENV)/.done  ## create the virtual environment with the locked packages, by uv if there is one (UV= for pip)

$(VENV)/.done: requirements-dev.lock pyproject.toml setup.py
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
		{ echo "error: $(PYTHON) is not Python 3.11, 3.12 or 3.13; choose one: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	@$(PYTHON) -m benchmark.cli.install "$(VENV)" requirements-dev.lock --uv "$(UV)"
	@touch $@

benchmark: venv  ## run the baselines of TRACK and build the leaderboard
	@$(BENCH) track run $(PART) $(PLACES) $(INSIDE) -- "$$TRACK"

submit: venv  ## run METHOD=path/to/file.py:Class beside the baselines, leave its BUNDLE (RUNTIME=docker|apptainer; IMAGE=1: with its submission.yaml)
	@test -n "$$METHOD" || \
		{ echo "error: no METHOD; run: make submit METHOD=path/to/file.py:Class" >&2; exit 2; }
	@case "$$IMAGE" in ""|1) ;; *) echo "error: IMAGE=$$IMAGE: it is 1 or nothing; NAME= and SIF= say which image" >&2; exit 2 ;; esac
	@$(BENCH) submit --track "$$TRACK" $(PART) $(if $(BUNDLE),--offer "$$BUNDLE") $(if $(KEEP),--keep) $(PLACES) $(INSIDE) -- "$$METHOD"

leaderboard: venv  ## build the leaderboard from all results in RUNS (PUBLISHED=1: with the papers' figures)
	@$(BENCH) leaderboard build --results "$$RUNS" --out "$$OUT" $(if $(PUBLISHED),--published) $(if $(STRICT),--strict)

# nproc counts the cores that may be used.
WORKERS ?= $(shell nproc)
PYTEST = $(BIN)/python -m pytest -q --ignore tests/containers -n $(WORKERS) --maxprocesses 8

# A file's tests run in one process, so that slow ones share what they set up; tests/conftest.py orders the files.
test: venv  ## run all tests except those of the images (make image-test)
	@$(PYTEST) --dist loadfile --no-loadscope-reorder

test-fast: venv  ## run the tests that are not slow
	@$(PYTEST) --dist worksteal -m "not slow"

bench: venv  ## time the query engine against a plain reference
	@mkdir -p build
	@$(BIN)/python -m pytest -q tests/speed/bench_engine.py --benchmark-columns=min,median,rounds --benchmark-json=build/bench.json
	@$(BIN)/python tests/speed/table.py build/bench.json build

lint: venv  ## check style, format, imports and scripts, and that no file holds a secret
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(WAIT) "checking imports" $(BIN)/lint-imports
	@$(BIN)/hadolint Dockerfile
	@$(BIN)/shellcheck .ci/run .ci/containers .ci/apptainer .ci/slurm .ci/slurm-up benchmark/image/*.sh
	@git ls-files -z | grep -zvE '[.](lock|csv|svg)$$|^leaderboard/entries/' | \
		$(WAIT) "looking for secrets" xargs -0 $(BIN)/detect-secrets-hook --baseline .secrets.baseline

types: venv  ## check types
	@$(WAIT) "checking types" $(BIN)/mypy

schema: venv  ## write the JSON Schemas to docs/schema, and the reference for authors of methods
	@$(BENCH) schema --out docs/schema
	@$(BENCH) method reference --out docs/methods-reference.md

COMPILE = uv pip compile --python-version 3.11 --generate-hashes --quiet --no-emit-index-url --no-emit-find-links \
	--no-annotate --custom-compile-command "make lock"

LOCK = echo "locking $(1)" >&2 && $(PYTHON) -m benchmark.cli.waits "locking $(1)" $(COMPILE) -o $(1)

lock:  ## lock all packages again: for runs, for CUDA 12, for development, for an image's package list (needs uv)
	@uv --version >/dev/null || { echo "error: no uv that starts; install it: pipx install uv" >&2; exit 2; }
	@$(call LOCK,requirements.lock) pyproject.toml --extra drive
	@$(call LOCK,requirements-cuda12.lock) pyproject.toml --extra drive --override benchmark/image/cuda12.in
	@$(call LOCK,requirements-dev.lock) pyproject.toml --extra dev -c requirements.lock
	@$(call LOCK,benchmark/image/sbom.lock) benchmark/image/sbom.in

image:  ## build the container image NAME (VARIANT=cuda12, COMPILER=1, BASE_IMAGE=, DEBIAN=newest, ENGINE=podman)
	@command -v $(ENGINE) >/dev/null || { echo "error: no $(ENGINE); see docs/containers.md" >&2; exit 2; }
	@facts=$$(benchmark/image/facts.sh "$(VARIANT)") || exit 2; set -x; \
		$(ENGINE) build $$(printf -- '--build-arg %s ' $$facts $(BASE)) $(IMAGE_FLAGS) -t "$(NAME)" .

sif:  ## build the Apptainer image SIF (same variables)
	@command -v apptainer >/dev/null || { echo "error: no apptainer; see docs/containers.md" >&2; exit 2; }
	@facts=$$(benchmark/image/facts.sh "$(VARIANT)") || exit 2; set -x; \
		benchmark/image/sif.sh "$$SIF" $$(echo "$$facts" | grep -E '^(VARIANT|COMMIT)=') $(BASE) -- $(SIF_FLAGS)

image-test: venv  ## test both images: doctor, check and a short track, without network, as an arbitrary user id
	@NNACTIVE_TEST_IMAGE="$(NAME)" NNACTIVE_TEST_SIF="$(abspath $(SIF))" NNACTIVE_TEST_ENGINE="$(ENGINE)" $(BIN)/python -m pytest -q --durations=12 tests/containers

pin-base:  ## pin the digest of the newest base image (needs skopeo)
	@benchmark/image/pin.sh base

pin-debian:  ## pin Debian's newest packages
	@ENGINE="$(ENGINE)" benchmark/image/pin.sh debian
