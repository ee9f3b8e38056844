SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   := .venv
PY     := $(CURDIR)/$(VENV)/bin/python
BIN    := $(CURDIR)/$(VENV)/bin
RUST   := Cargo.toml Cargo.lock $(shell find crates -path '*/fuzz' -prune -o \( -name '*.rs' -o -name Cargo.toml -o -name '*.xml' \) -print | sort)

.PHONY: help setup native-quick test fmt clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/.deps: requirements-dev.lock
	test -x $(PY) || $(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null; then uv pip sync -q --python $(PY) --require-hashes requirements-dev.lock; \
	else $(PY) -m pip install -q --no-deps --require-hashes -r requirements-dev.lock; fi
	touch $@

$(VENV)/.native: $(VENV)/.deps pyproject.toml $(RUST)
	PATH="$(BIN):$$PATH" VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --release --locked -q
	touch $@

setup: $(VENV)/.native ## venv, pinned dependencies, native extension

native-quick: $(VENV)/.deps ## the edit-run loop: an incremental native build at about half the speed
	PATH="$(BIN):$$PATH" VIRTUAL_ENV=$(CURDIR)/$(VENV) $(BIN)/maturin develop --profile quick --skip-install --locked
	rm -f $(VENV)/.native

test: $(VENV)/.native ## every test
	$(PY) -m pytest -q

fmt: ## format everything
	$(BIN)/ruff format . && $(BIN)/ruff check --fix . && cargo fmt --all

clean: ## remove what was built
	rm -rf $(VENV) target dist core/_native*.so
