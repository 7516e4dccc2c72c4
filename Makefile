# The two commands: `make demo` (the whole job) and `make test` (every check).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
CORES ?= all
export PATH := $(shell realpath -ms "$(VENV)")/bin:$(PATH)
# Snakemake wants a home folder; where there is none, libraries keep their caches in the environment.
ifeq ($(wildcard $(or $(HOME),/absent)),)
export HOME := $(abspath $(VENV))/home
endif
RUN := selavi run --cores $(CORES)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# A stamp per lock file: an environment is remade when its lock changes. Spaces in its path are escaped.
STAMPS := $(subst $() ,\ ,$(VENV))
$(STAMPS)/.run: requirements/run.txt pyproject.toml
	$(call install,requirements/run.txt)
$(STAMPS)/.dev: requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch "$(VENV)/.run"

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "selavi needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	test -x "$(VENV)/bin/python" || $(PYTHON) -m venv "$(VENV)"
	"$(VENV)/bin/python" -m pip install --quiet --require-hashes -r $(1)
	"$(VENV)/bin/python" -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch "$@"
endef

.PHONY: install
install: $(STAMPS)/.run ## install what `selavi label` and the workflow need into .venv

.PHONY: demo
demo: $(STAMPS)/.run ## make the embedded dataset, run the whole workflow on it, show what came out
	@$(RUN)

.PHONY: demo-full
demo-full: $(STAMPS)/.run ## the demo with three seeds, each modality alone, and every evaluation
	@$(RUN) --configfile config/demo.yaml config/demo-full.yaml

.PHONY: test
test: $(STAMPS)/.dev ## lint, types, and every test
	ruff check .
	ruff format --check .
	mypy
	deptry .
	snakefmt --check Snakefile workflow
	snakemake --lint
	@python -c 'from tests.slurm.cluster import why_not; why = why_not(); \
		print("tests on a real Slurm:", f"SKIPPED: {why}" if why else "they run, on two nodes here")'
	pytest -n auto --maxprocesses 4

.PHONY: test-fast
test-fast: $(STAMPS)/.dev ## the tests of seconds, without Snakemake, Slurm and a browser
	pytest -n auto --maxprocesses 4 -m "not (slow or slurm or browser or workflow)"

.PHONY: clean
clean: ## remove the demo's videos and all results
	rm -rf data/demo logs results/*/ .snakemake
