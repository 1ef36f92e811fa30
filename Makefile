# Everything is set up inside this folder; nothing but Python 3.11 or newer and make is needed.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check docs lock clean

demo: .venv/run ## Set up, load the demo publishers and serve them on http://127.0.0.1:8000
	$(BIN)/kolofon serve --demo

test: .venv/develop tests/javascript/node_modules ## Run the whole suite against a real PostgreSQL
	$(BIN)/pytest -q -n 2 --dist loadscope

check: .venv/develop ## Linters, types, imports between packages, the lock files
	$(BIN)/ruff check src tests benchmarks examples
	$(BIN)/ruff format --check src tests benchmarks examples
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: .venv/develop ## Build the documentation into site/
	$(BIN)/mkdocs build --strict -q

lock: .venv/develop ## Look for newer versions of what we stand on
	$(BIN)/pip install -q uv
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		requirements/build.in -o requirements/build.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements/run.txt
	$(BIN)/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--group dev pyproject.toml -o requirements/develop.txt

clean: ## Remove what was set up, but not .data
	rm -rf .venv site

# Clients from outside that tests run. Without npm, or without Chromium, these tests are left out.
tests/javascript/node_modules: tests/javascript/package-lock.json
	if command -v npm >/dev/null; then cd tests/javascript && npm ci --silent --no-audit --no-fund && touch node_modules; fi

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kolofon needs Python 3.11 or newer")'
	$(PYTHON) -m venv .venv

.venv/run: .venv/bin/python requirements/build.txt requirements/run.txt pyproject.toml
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/build.txt -r requirements/run.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/develop: .venv/run requirements/develop.txt
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/develop.txt
	touch $@
