SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first interpreter that serves; `make PYTHON=...` names another.
PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && exit; \
  done; echo python3)
VENV   := .venv
# The folder's name may hold spaces: PY and BIN stand in quotes wherever they are used.
BIN    := $(CURDIR)/$(VENV)/bin
PY     := $(BIN)/python
RUST   := Cargo.toml Cargo.lock .cargo/config.toml $(shell find crates -path '*/fuzz' -prune -o \
  \( -name '*.rs' -o -name Cargo.toml -o -name '*.xml' \) -print | sort)
INSTALL = if command -v uv >/dev/null; \
  then uv pip install -q --python "$(PY)" --require-hashes -r $<; \
  else "$(PY)" -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r $<; fi
MATURIN = MAKEFLAGS= PATH="$(BIN):$$PATH" VIRTUAL_ENV="$(CURDIR)/$(VENV)" "$(BIN)/maturin"
# Whoever is given a part of another make's jobs warns that it has none: cargo has its own.
CARGO   = MAKEFLAGS= PYO3_PYTHON="$(PY)" cargo
# What the machine is looked at for, by what is made; running is the least.
FOR_test    := test setup rust-test python-test one coverage dashboards fix-engines
FOR_lint    := lint types rust-lint fmt
FOR_check   := check
FOR_cluster := cluster
FOR_bench   := bench
FOR_mutants := mutants
FOR_lock    := lock
TOOLS  := $(or $(strip $(foreach purpose,test lint check cluster bench mutants lock,\
  $(if $(filter $(FOR_$(purpose)),$(MAKECMDGOALS)),$(purpose)))),run)
# One test comes after many: the machine was looked at when the environment was made.
LOOKED_AT = $(if $(and $(filter one,$(MAKECMDGOALS)),$(wildcard $(VENV)/.dev)),,tools)
WORKERS ?= -n auto --maxprocesses 4
# Tests start thousands of processes, each of which would compile all modules again.
unexport PYTHONDONTWRITEBYTECODE
NO_INSTALL ?=
ARGS   ?=

.PHONY: help run cluster setup test bench check fmt clean tools lint types rust-lint coverage rust-test \
  built-and-rust-tested fix-engines python-test one native-quick lock fuzz mutants wheel smoke dashboards

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: $(VENV)/.native ## serve the exchange on this machine (ARGS="--http-port 8081" ...)
	@"$(BIN)/quantscope" serve $(ARGS)

cluster: $(VENV)/.native ## the same as a cluster: each role a process, on Kafka and Redis (ARGS=--help)
	@"$(PY)" -m supervisor $(ARGS)

test: built-and-rust-tested python-test ## every test, Rust and Python (ARGS="-k book" for some of the Python ones)

check: lint types rust-lint coverage ## linters, types, import contracts, coverage: what must hold before a merge

bench: $(VENV)/.dev $(VENV)/.native ## every figure with its baseline (BENCH=name for some, ARGS=--quick)
	"$(PY)" -m benchmarks $(BENCH) $(ARGS)

setup: $(VENV)/.dev $(VENV)/.native ## venv with all pinned dependencies, native extension

fmt: $(VENV)/.dev ## format everything
	"$(BIN)/ruff" format . && "$(BIN)/ruff" check --fix . && cargo fmt --all

clean: ## remove what was built
	rm -rf $(VENV) target dist core/_native*.so

tools: ## what this machine lacks, by apt where that goes (NO_INSTALL=1 only lists it)
	@PYTHON="$(PYTHON)" NO_INSTALL="$(NO_INSTALL)" scripts/tools.sh $(TOOLS)

# One environment: running needs the first lock, developing adds the second.
$(VENV)/.run: requirements.lock | $(LOOKED_AT)
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(INSTALL)
	touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.run | $(LOOKED_AT)
	$(INSTALL)
	touch $@

# Two builds of one file: serving and measuring take the fast one, tests whichever is there and current.
$(VENV)/.native: $(VENV)/.run pyproject.toml $(RUST)
	$(MATURIN) develop --release --locked -q >/dev/null
	touch $@ $(VENV)/.quick

$(VENV)/.quick: $(VENV)/.run pyproject.toml $(RUST)
	rm -f $(VENV)/.native
	$(MATURIN) develop --profile quick --locked -q \
	  $(if $(wildcard $(VENV)/bin/quantscope),--skip-install) >/dev/null
	touch $@

native-quick: $(VENV)/.quick ## what the tests need: an incremental native build at about half the speed

# A crate's test needs no extension.
one: $(VENV)/$(if $(findstring .py,$(TEST)),.dev,.run) $(if $(findstring .py,$(TEST)),$(VENV)/.quick) ## one test: TEST=tests/core/test_turns.py::test_x, or TEST=view::name for a crate's
	@case "$(TEST)" in \
	  *.py*) "$(PY)" -m pytest -q "$(TEST)" $(ARGS);; \
	  *::*) t="$(TEST)"; $(CARGO) test --locked -q -p "$${t%%::*}" "$${t#*::}" $(ARGS);; \
	  *) echo "one: TEST=tests/....py[::name] or TEST=crate::name" >&2; exit 2;; \
	esac

python-test: $(VENV)/.dev $(VENV)/.quick fix-engines ## the Python tests
	"$(PY)" -m pytest -q $(WORKERS) $(ARGS)

# Two builds side by side take less time than one after the other, for each ends on one processor.
built-and-rust-tested: $(VENV)/.dev
	@$(MAKE) --no-print-directory -j2 --output-sync=target rust-test $(VENV)/.quick fix-engines ARGS= LOOKED_AT=

# Built or fetched once, into the user's cache; the first test that needs one would do it, too.
fix-engines: $(VENV)/.dev ## QuickFIX and QuickFIX/J, which trade with the exchange in tests
	@PYTHON="$(PY)" scripts/quickfix/quickfix.sh python >/dev/null
	@PYTHON="$(PY)" scripts/quickfix/quickfix.sh java >/dev/null

rust-test: $(VENV)/.run ## the Rust tests (ARGS="-p view" for some)
	$(CARGO) test $(or $(if $(filter rust-test,$(MAKECMDGOALS)),$(ARGS)),--workspace) --locked -q

lint: $(VENV)/.dev $(VENV)/.quick
	"$(BIN)/ruff" format --check . && "$(BIN)/ruff" check . && "$(BIN)/lint-imports" --no-logo

types: $(VENV)/.dev $(VENV)/.quick
	"$(PY)" -m mypy && "$(PY)" -m mypy -p deploy.grafana && "$(PY)" -m mypy docs/examples scripts/bare_build.py \
	  && "$(PY)" -m mypy.stubtest core._native

rust-lint: $(VENV)/.run
	cargo fmt --all --check
	$(CARGO) clippy --workspace --all-targets --locked -q -- -D warnings

coverage: $(VENV)/.dev $(VENV)/.quick fix-engines ## the Python tests with branch coverage (at least 95 %)
	rm -f .coverage .coverage.*
	"$(PY)" -m pytest -q $(WORKERS) --cov --cov-report=term-missing:skip-covered $(ARGS)

fuzz: tools ## ten million cases of bytes, 50,000 of trading at the edges (FUZZ_CASES=n, EDGE_CASES=n, FUZZ_SEED=n)
	FUZZ_CASES=$${FUZZ_CASES:-4000000} $(CARGO) test --profile quick --locked -q -p wire -p gateway --test fuzz --test fix_fuzz
	FUZZ_CASES=$${EDGE_CASES:-50000} $(CARGO) test --profile quick --locked -q -p store --test edges

mutants: tools ## change the matching engine in every way and see a test fail (hours)
	cargo mutants -p matching $(ARGS)

dashboards: $(VENV)/.dev ## write Grafana's dashboards as the code in deploy/grafana makes them
	"$(PY)" -m deploy.grafana

lock: tools ## write both locks afresh; they name no host
	uv pip compile -q pyproject.toml --extra dev --universal --python-version 3.11 --upgrade \
	  --no-annotate --no-header --generate-hashes -o requirements-dev.lock
	uv pip compile -q pyproject.toml --extra build --universal --python-version 3.11 \
	  -c requirements-dev.lock --no-annotate --no-header --generate-hashes -o requirements.lock
	cargo update

wheel: $(VENV)/.run
	rm -rf dist && $(MATURIN) build --release --locked -q -i "$(PY)" -o dist

smoke: wheel ## the wheel, in a bare environment, from outside the project
	d=$$(mktemp -d) && trap 'rm -rf "$$d"' EXIT && $(PYTHON) -m venv "$$d/v" \
	  && "$$d/v/bin/python" -m pip install -q dist/*.whl && cd "$$d" && v/bin/quantscope --help
