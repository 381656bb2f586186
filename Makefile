# `make help` is the manual.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.SUFFIXES:

PORT ?= 8080
BAIYANG_HOME ?= .local
export PORT BAIYANG_HOME

PYTHON := .venv/bin/python
LOCAL := $(PYTHON) -m local
PROJECTS := pyproject.toml uv.lock $(wildcard services/*/pyproject.toml shared/*/pyproject.toml deploy/*/pyproject.toml)
READY := .venv/.in-step
TOOLS := .venv/.has-programs
$(shell [ -x $(PYTHON) ] || rm -f $(READY))

.PHONY: help run up down reset status test check fmt images test-cluster chaos bench bench-compare

help: ## this page
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 22
	@echo
	@echo "  PORT (8080) and BAIYANG_HOME (.local) move what run, up, down and reset speak of; ARGS goes to pytest."
	@echo "  bench: HOLD (300) and SOAK (1800) are seconds, STRICT=1 fails when an aim is missed, BENCH_HOME (.bench) keeps its states."
	@echo "  .venv/bin/baiyang --help lists what operators do with a running platform."

run: $(READY) $(TOOLS) ## bring the whole platform up here; Ctrl-C stops it, its data stay
	@$(LOCAL) run

up: $(READY) $(TOOLS) ## the same in the background
	@$(LOCAL) up

down: $(READY) ## stop it; its data stay
	@$(LOCAL) down

reset: $(READY) ## stop it and forget its data
	@$(LOCAL) reset

status: $(READY) ## what runs
	@$(LOCAL) status

.PHONY: backup restore
backup: $(READY) ## TO=folder or s3://bucket/prefix: back the running city up, while it goes on
	@.venv/bin/baiyang backup take "$(TO)"

restore: $(READY) $(TOOLS) ## FROM=the same: restore it here, where nothing runs and no databases are yet
	@$(LOCAL) restore "$(FROM)"

test: $(READY) $(TOOLS) ## run every test that needs no cluster
	@$(PYTHON) -m pytest -n 2 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## lint, types, import rules, contracts, generated files; changes nothing
	@$(PYTHON) -m tests.architecture.guards

fmt: $(READY) ## put the files into shape
	@.venv/bin/ruff format .
	@.venv/bin/ruff check --fix .
	@$(PYTHON) -m contracts write
	@$(PYTHON) -m tests.architecture.openapi write
	@$(PYTHON) -m tests.architecture.steps write
	@$(PYTHON) -m tests.architecture.watching write

images: ## build the services' images by docker, podman or buildah; REGISTRY, VERSION, BASE, PUSH=1, SERVICES
	@deploy/images/build $(SERVICES)

test-cluster: $(READY) $(TOOLS) ## deploy to the cluster that KUBECONFIG names, and try it there; NODE_ADDRESS, ONLY
	@$(PYTHON) -m tests.cluster $(ARGS)

chaos: $(READY) $(TOOLS) ## kill anything at any moment under load, then compare all books; KILLS, SEED, MERGE, TARGET=cluster
	@$(PYTHON) -m tests.chaos $(ARGS)

bench: $(READY) $(TOOLS) ## measure the platform here: ONLY=P1,P4 SCALE=10k|100k|1m OUT=bench.json
	@$(PYTHON) -m tests.bench

bench-compare: $(READY) ## OLD=one.json NEW=other.json: what changed, and what got worse
	@$(PYTHON) -m tests.bench.compare $(OLD) $(NEW)

$(READY): $(PROJECTS) deploy/local/bootstrap
	@deploy/local/bootstrap python
	@touch $@

$(TOOLS): deploy/local/bootstrap | $(READY)
	@deploy/local/bootstrap programs
	@touch $@
