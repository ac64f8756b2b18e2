# Each target is one command on a machine that has Python 3.11+ and nothing of ours.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCES := $(shell find src -name '*.py')
# On two cores; the third worker of the tests uses the time in which another one waits.
JOBS ?= 2
WORKERS ?= 3
SHARING := --dist loadfile --no-loadscope-reorder

.PHONY: demo test library lint types docs reference bench lock clean

demo: $(VENV)/demo.ok
	@$(BIN)/rehearse run n1-holiday-coverage-001
	@$(BIN)/rehearse show n1-holiday-coverage-001 --format html --output .rehearse/christmas.html

test: $(VENV)/dev.ok $(VENV)/faces.ok
	$(BIN)/python -m pytest -n $(WORKERS) $(SHARING) $(OPTIONS)

# Every scenario that ships, on SQLite and on PostgreSQL, with a report of each.
library: $(VENV)/dev.ok
	$(BIN)/rehearse run --all --jobs $(JOBS) --report .rehearse/library/sqlite
	$(BIN)/rehearse run --all --jobs $(JOBS) --report .rehearse/library/postgresql --database bundled

lint: $(VENV)/dev.ok
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/dev.ok
	$(BIN)/mypy

# The pages that are made from the code, then the site; a warning is an error.
reference: $(VENV)/dev.ok
	$(BIN)/python -m reference

docs: $(VENV)/dev.ok
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "Documentation: site/index.html"

coverage: $(VENV)/dev.ok $(VENV)/faces.ok
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n $(WORKERS) $(SHARING)
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

bench: $(VENV)/bench.ok
	$(BIN)/python -m benchmarks

# The lock files hold versions and hashes; an installed set that matches one of them is never touched again.
$(VENV)/python.ok:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rehearse needs Python 3.11 or newer; say make PYTHON=...")'
	$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/demo.ok: $(VENV)/python.ok requirements/runtime.lock pyproject.toml
	@test -e $(VENV)/dev.ok || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.lock
	@test -e $(VENV)/dev.ok || $(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

$(VENV)/dev.ok: $(VENV)/python.ok requirements/dev.lock pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

# Chromium and two programs from npm, for the tests that open a page or an editor.
$(VENV)/faces.ok: $(VENV)/python.ok tests/faces/install tests/faces/package-lock.json
	tests/faces/install
	@touch $@

$(VENV)/bench.ok: $(VENV)/dev.ok requirements/bench.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.lock
	@touch $@

lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml -o requirements/runtime.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --extra server --group dev -o requirements/dev.lock
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate pyproject.toml --extra server --group dev --group bench -o requirements/bench.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage .coverage.* htmlcov
