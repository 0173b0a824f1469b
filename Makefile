# `make help` lists what there is.
.DEFAULT_GOAL := help
.PHONY: help repro flow test check bench install lock recipes server worker deploy clean
SHELL := /bin/sh

# An environment may be shared by several clones: make VENV=PATH repro
VENV ?= .venv
# A recipe instead of the default world: make RECIPE=multi30k repro
RECIPE ?=
# What the flow is asked for (default: everything): make flow TARGETS=evaluate@mt_transformer
TARGETS ?=
# The first Python here that will do.
PYTHON ?= $(shell for p in python3.11 python3.12 python3 python; do \
	$$p -c 'import sys; sys.exit(not (3, 11, 4) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$p && break; done)

BIN := $(abspath $(VENV))/bin
WORKSPACE := $(if $(RECIPE),recipes/$(RECIPE),.)
LOCKED = $(VENV)/seqloom.lock
export PATH := $(BIN):$(PATH)
# One thread a stage: stages run side by side, and sums keep their order.
export OMP_NUM_THREADS := 1
export OMP_WAIT_POLICY := passive
export PYTHONPATH := $(CURDIR)
# Nothing is reported to anybody.
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export PREFECT_HOME ?= $(CURDIR)/.prefect

help: ## This list
	@sed -n 's/^\([a-z]*\):.*## /\1#/p' $(MAKEFILE_LIST) | awk -F'#' '{ printf "make %-9s %s\n", $$1, $$2 }'
	@echo
	@echo 'RECIPE=name: over a recipe (recipes/*) instead of the default world.  VENV=path: an environment to use.'
	@echo 'TARGETS="stage ...": these stages alone and what they need (repro, flow).'

repro: install ## Train, decode, score and report everything that is not up to date (dvc repro)
	@cd $(WORKSPACE) && python -m pipeline check && python -P $(CURDIR)/flows/quick.py repro $(TARGETS) && python -m pipeline scores

flow: install ## The same with ready stages at the same time, as a Prefect flow
	@cd $(WORKSPACE) && python -m pipeline check && python -m flows.reproduce $(TARGETS) && python -m pipeline scores

test: check ## Formatting, types and all tests
	python -m pytest -q -n auto -m 'not slow'
	python -m pytest -q -n auto -m slow

check: install ## Formatting and types
	ruff check .
	ruff format --check .
	python -m mypy

bench: install ## Measure speed against other tools (installs them)
	python -c "import tomllib; [print(repr(x)) for x in tomllib.load(open('pyproject.toml', 'rb'))['project'] \
		['optional-dependencies']['benchmarks']]" | xargs python -m pip install --quiet
	for benchmark in benchmarks/[a-z]*.py; do echo "== $$benchmark" && python $$benchmark || exit 1; done

recipes: ## Copy the graph, dvc.yaml, to every recipe; RECIPE=name: begin a new one
	@for recipe in $(if $(RECIPE),recipes/$(RECIPE),recipes/*); do \
		mkdir -p $$recipe/.dvc && cp dvc.yaml .dvcignore $$recipe/ && cp .dvc/config .dvc/.gitignore $$recipe/.dvc/ && \
		ln -sfn ../../pipeline $$recipe/pipeline && echo "$$recipe has the graph of dvc.yaml" || exit 1; done

# The worker and the deployments are the server's; without its address Prefect would start another one, unasked.
worker deploy: export PREFECT_API_URL ?= http://127.0.0.1:4200/api

server: install ## Prefect's server and pages, on this machine alone
	prefect server start --host 127.0.0.1

worker: install ## A worker for the deployments of prefect.yaml
	prefect worker start --pool seqloom --type process

deploy: install ## Tell the server of the deployments of prefect.yaml
	prefect --no-prompt deploy --all

install: $(LOCKED) ## Create the environment, or bring it up to date with requirements.lock
	@cmp -s requirements.lock $(LOCKED) || { rm -f $(LOCKED) && $(MAKE) --no-print-directory $(LOCKED); }

$(LOCKED):
	@test -n "$(PYTHON)" || { echo 'error: Python 3.11 (from 3.11.4) or 3.12 is needed: install one, or name it: make PYTHON=PATH' >&2; exit 1; }
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@# The lock is complete, so that nothing is left to resolve; older pips stumble over extras when they try.
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip check
	@cp requirements.lock $@

lock: ## Pin the versions anew: versions and hashes, no addresses (needs uv)
	uv pip compile pyproject.toml --extra graph --extra dev --universal --python-version 3.11 --generate-hashes \
		--no-header --no-annotate --no-emit-index-url --no-emit-find-links --upgrade --output-file requirements.lock

clean: ## Delete caches of tools and unfinished work; data, environment and DVC's cache stay
	rm -rf work .pytest_cache .mypy_cache .ruff_cache
