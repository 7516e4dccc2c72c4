# The two commands: `make demo` (the whole job) and `make test` (every check).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV ?= .venv
CORES ?= all
export PATH := $(abspath $(VENV))/bin:$(PATH)
SNAKEMAKE := snakemake --profile profiles/local --cores $(CORES)

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# A stamp per lock file: an environment is remade when its lock changes.
$(VENV)/.run: requirements/run.txt pyproject.toml
	$(call install,requirements/run.txt)
$(VENV)/.dev: requirements/dev.txt pyproject.toml
	$(call install,requirements/dev.txt)
	@touch $(VENV)/.run

define install
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "selavi needs Python 3.11 or newer; name one with: make PYTHON=python3.12 ..."; exit 1; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --require-hashes -r $(1)
	$(VENV)/bin/python -m pip install --quiet --no-deps --no-build-isolation -e .
	@touch $@
endef

.PHONY: demo
demo: $(VENV)/.run ## make the embedded dataset, run the whole workflow on it, show what came out
	$(SNAKEMAKE) --quiet rules
	@selavi tables --results results --runs demo
	@echo "videos set aside:  results/shards/demo/train/rejected.csv"
	@echo "how training went: results/figures/demo/training.svg"
	@echo "watch and hear the clusters, open in a browser:"
	@echo "  file://$(abspath results/explorer/demo/index.html)"

.PHONY: demo-full
demo-full: $(VENV)/.run ## the demo with three seeds, each modality alone, and every evaluation
	$(SNAKEMAKE) --quiet rules --configfile config/demo.yaml config/demo-full.yaml
	@selavi tables --results results

.PHONY: test
test: $(VENV)/.dev ## lint, types, and every test
	ruff check .
	ruff format --check .
	mypy
	snakefmt --check Snakefile workflow
	snakemake --lint
	@python -c 'from tests.slurm.cluster import why_not; why = why_not(); \
		print("tests on a real Slurm:", f"SKIPPED: {why}" if why else "they run, on two nodes here")'
	pytest -n auto --maxprocesses 4

.PHONY: clean
clean: ## remove the demo's videos and all results
	rm -rf data/demo logs results/*/ .snakemake
