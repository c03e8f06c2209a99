# Two commands are enough to begin: `make serve` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Each process has services of its own, so files are what is shared out.
SPREAD := --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: serve test lint bench faults faults-all moves moves-all clean

serve: $(VENV)/.installed
	$(BIN)/gallery serve

test: $(VENV)/.test lint
	$(BIN)/pytest $(SPREAD)

lint: $(VENV)/.test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Needs root, strace and mkfs.ext4 (Debian: apt-get install strace e2fsprogs util-linux mount).
# What the tests mount is mounted for them alone.
faults: $(VENV)/.test
	unshare --mount $(BIN)/pytest tests/faults

faults-all: $(VENV)/.test
	unshare --mount $(BIN)/pytest tests/faults --all-faults

# Libraries that move while they are used, on real services; moves-all kills them at each step.
moves: $(VENV)/.test
	$(BIN)/pytest tests/migrate $(SPREAD)

moves-all: $(VENV)/.test
	$(BIN)/pytest tests/migrate --all-moves $(SPREAD)

# Needs nginx and wrk (Debian: apt-get install nginx-light wrk).
bench: $(VENV)/.test
	$(BIN)/python -m bench

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.installed

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
