# make run   everything in one terminal     make test   all tests
# make lint  style, imports, rules           make bench  ratios against bare Django
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
TESTS ?=

.PHONY: run test lint bench messages

run: $(VENV)/.installed
	@exec $(BIN)/python manage.py up $(ARGS)

test: $(VENV)/.installed-dev
	@sh tests/browser.sh
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
