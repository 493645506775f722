PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test lint bench mutants clean

run: .venv/installed
	$(BIN)/countersign serve

test: .venv/installed
	$(BIN)/pytest -n auto

lint: .venv/installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/countersign policy check

bench: .venv/installed
	$(BIN)/python -m tests.bench

mutants: .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	nice $(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results | sed '/: not checked$$/d'

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
