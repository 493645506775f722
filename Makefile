PYTHON ?= python3
BIN := .venv/bin
LFORMS := 40.1.3
LFORMS_SHA512 := 58baee4e6f817159da7c2d2b480437fdc36a871bdc941531c811baf1ab9bfee85ad8d68af47f1965c1174d3b8e46e1b3cc2b74c1aedfbe1ba2799b5c0c874fcd

.PHONY: run test lint bench mutants page clean

run: .venv/installed
	$(BIN)/countersign serve

test: .venv/tested
	$(BIN)/pytest -n auto

lint: .venv/tested
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/countersign policy check

bench: .venv/tested
	$(BIN)/python -m tests.bench

mutants: .venv/tested
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-mutants.txt
	nice $(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results | sed '/: not checked$$/d'

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	touch $@

.venv/tested: requirements-dev.txt .venv/installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	touch $@

# The renderer of the form's page, as published: what of it the page loads, and its licence.
page:
	mkdir -p build/page
	npm pack --silent --pack-destination build/page lforms@$(LFORMS)
	echo "$(LFORMS_SHA512)  build/page/lforms-$(LFORMS).tgz" | sha512sum --check --quiet
	tar --extract --gzip --file build/page/lforms-$(LFORMS).tgz --directory build/page package/dist/lforms
	install -D --mode 644 --target-directory service/web/static/lforms \
	  $(addprefix build/page/package/dist/lforms/, LICENSE.md webcomponent/lhc-forms.js webcomponent/assets/lib/zone.min.js \
	  fhir/R4/lformsFHIR.min.js)
	rm -r build/page

clean:
	rm -rf .venv node_modules build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis mutants
