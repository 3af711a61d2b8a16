# Every target does its own set-up: the virtual environment in .venv, and the control plane's programs in the user's
# cache folder. Nothing else outside this folder is written.
#
#   PYTHON=python3.12 make test    another interpreter (3.11 or newer)
#   PYTEST_WORKERS=4 make test     fewer parallel tests (default: 6; most of them wait for fences and outages)

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

PYTHON ?= python3
PYTEST_WORKERS ?= 6
UNIT_WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
SCRATCH := $(CURDIR)/.run/tmp

# Temporary files and kubectl's cache belong to this folder too.
export TMPDIR := $(SCRATCH)
export KUBECACHEDIR := $(CURDIR)/.run/kube-cache
export PIP_DISABLE_PIP_VERSION_CHECK := 1

SAY = printf '\n==> %s\n'
PYTEST = $(BIN)/python -m pytest
DEMO = PYTHONPATH=$(CURDIR)/examples $(BIN)/python -m demo

.PHONY: help demo up down test check unit bench chaos crds docs pins clean setup binaries

help: ## list the targets
	@echo "Exchange Kernel Operator: trading orders as Kubernetes objects, each placed at most once."
	@echo
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(firstword $(MAKEFILE_LIST)) | expand -t 16

demo: binaries ## see it work: an API server, a venue, the operator, orders, and a crash; cleans up after itself
	@$(DEMO) run

up: binaries ## start the same and leave it running; prints the kubeconfig and commands to try
	@$(DEMO) up

down: ## stop what `make up` started, and delete its data
	@if [ ! -d .run ]; then echo "Nothing runs."; else $(MAKE) --no-print-directory setup; $(DEMO) down; fi

test: check binaries ## all static checks and all tests
	@$(SAY) "tests: unit, contract, integration, end to end"
	@$(PYTEST) -n $(PYTEST_WORKERS) --dist worksteal

check: setup ## static checks: lint, format, types, layers, generated files
	@$(SAY) "ruff: lint"
	@$(BIN)/ruff check .
	@$(SAY) "ruff: format"
	@$(BIN)/ruff format --check .
	@$(SAY) "mypy: types"
	@$(BIN)/mypy
	@$(BIN)/mypy tests docs/generate.py
	@$(SAY) "import-linter: layers"
	@$(BIN)/lint-imports --no-logo
	@$(SAY) "generated files: CRDs, pages of docs/"
	@$(BIN)/python -m exchange_kernel.api.render --check crds
	@$(BIN)/python docs/generate.py --check
	@echo "up to date"

unit: setup ## unit tests: no sockets, no waiting
	@$(SAY) "unit tests"
	@$(PYTEST) -n $(UNIT_WORKERS) tests/unit --timeout 20

bench: binaries ## measure the operator against raw HTTP on the same machine
	@$(SAY) "bench"
	@PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m bench

# make chaos CHAOS="--seed 7 --orders 200": see CHAOS=--help
chaos: binaries ## let random faults loose on a thousand orders, and compare both sides at the end
	@PYTHONPATH=$(CURDIR)/tests $(BIN)/python -m chaos $(CHAOS)

crds: setup ## render crds/ from the models
	@$(BIN)/python -m exchange_kernel.api.render crds
	@echo "crds/ matches the models"

docs: setup ## render the generated pages of docs/
	@$(BIN)/python docs/generate.py

pins: setup ## refresh the exact versions and hashes in requirements/
	@$(SAY) "resolving; the newest versions that pyproject.toml allows"
	@for target in "runtime" "dev --group dev"; do \
	  set -- $$target; name=$$1; shift; \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	    --no-emit-index-url --no-emit-find-links --custom-compile-command "make pins" \
	    pyproject.toml --extra operator "$$@" -o requirements/$$name.txt; \
	  echo "requirements/$$name.txt: $$(grep -c == requirements/$$name.txt) packages"; \
	done

clean: ## stop the stack and remove what make made here; the user's cache folder stays
	@if [ -d .run ] && [ -e $(INSTALLED) ]; then $(DEMO) down; fi
	@rm -rf $(VENV) .run build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- set-up ---------------------------------------------------------------------------------------------------------

setup: $(INSTALLED)
	@mkdir -p $(SCRATCH)

$(INSTALLED): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "This needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Name another one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@mkdir -p $(SCRATCH)
	@$(SAY) "virtual environment in $(VENV)"
	@$(BIN)/python -c 'import pip' 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); } || { \
	  rm -rf $(VENV); echo "'$(PYTHON) -m venv' failed; on Debian and Ubuntu it is in the package python3-venv." >&2; \
	  exit 1; }
	@$(SAY) "libraries, as pinned in requirements/dev.txt"
	@$(BIN)/python -m pip install --progress-bar off --require-hashes -r requirements/dev.txt \
	  | sed -n 's/^Collecting \([^ ]*\).*/    \1/p'
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import exchange_kernel, local_cluster, paper_exchange'
	@touch $@

binaries: setup
	@$(BIN)/python -m local_cluster path >/dev/null
