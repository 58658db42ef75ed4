# Everything a person types here. `make help` lists it; docs/operations.md says how to run eventsapp for real.

HOST ?= 127.0.0.1
PORT ?= 8000
ARGS ?=

VENV := .venv
PY   := $(VENV)/bin/python
PIP  := $(PY) -m pip --disable-pip-version-check --no-input install --quiet
# The pythons that are looked for, the first that will do is taken; or say PYTHON=/path/to/python.
UV ?= uv
PYTHON ?= python3 python3.14 python3.13 python3.12 python3.11 python

CATALOGS := $(wildcard eventsapp/translations/*/LC_MESSAGES/messages.po)
PACKAGES := $(dir $(wildcard tests/*/package.json))

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test torture bench check format translations lock migration node

help: ## list what make can do
	@echo "make run            start eventsapp at http://$(HOST):$(PORT); HOST= and PORT= change that"
	@echo "make test           run every test; ARGS= is handed to pytest, for example ARGS=tests/web"
	@echo "make torture        break it while ten thousand register; hours, and goes on where it stopped; ARGS='--people 1000' for fewer"
	@echo "make bench          what everything costs, on SQLite and PostgreSQL; an hour at least; ARGS=--quick for small numbers"
	@echo "make check          lint, types, layers, templates, translations"
	@echo "make format         let ruff put the code in order"
	@echo "make translations   take new texts into the catalogs, and compile them"
	@echo "make migration M='what changes'    write a migration from what the models say"
	@echo "make lock           resolve the locked dependencies anew (needs uv)"

run: $(VENV)/installed $(CATALOGS:.po=.mo)
	@EVENTSAPP_MAILBOX=1 exec $(PY) -m eventsapp.cli serve --prepare --bind '$(HOST):$(PORT)'

test: $(VENV)/installed-dev $(CATALOGS:.po=.mo) node
	@$(PY) -m pytest -n 2 --dist worksteal $(ARGS)

torture: $(VENV)/installed-dev $(CATALOGS:.po=.mo)
	@timeout 6h $(PY) -m pytest --torture --durations 10 $(if $(findstring tests/torture,$(ARGS)),,tests/torture) $(ARGS)

bench: $(VENV)/installed-dev $(CATALOGS:.po=.mo)
	@$(PY) -m bench $(ARGS)

check: $(VENV)/installed-dev $(CATALOGS:.po=.mo)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(VENV)/bin/lint-imports
	$(PY) -m djlint --lint templates
	$(PY) -m pytest -q tests/test_languages_complete.py tests/test_layout.py

format: $(VENV)/installed-dev
	$(PY) -m ruff check --fix-only .
	$(PY) -m ruff format .

translations: $(VENV)/installed-dev
	$(PY) -m babel.messages.frontend -q extract --mapping-file pyproject.toml --no-location --sort-output \
	    --omit-header --output-file eventsapp/translations/messages.pot .
	@for language in $(or $(LANGUAGES),$$($(PY) -c 'from eventsapp.translations import CATALOGS; print(*CATALOGS.values())')); do \
	    $(PY) -m babel.messages.frontend -q update --init-missing --locale $$language --no-fuzzy-matching \
	        --ignore-obsolete --ignore-pot-creation-date --no-wrap --input-file eventsapp/translations/messages.pot \
	        --output-dir eventsapp/translations || exit; \
	done
	$(PY) hatch_build.py

migration: $(VENV)/installed-dev
	@test -n "$(M)" || { echo "Say what changes: make migration M='add a table'"; exit 2; }
	$(PY) -m eventsapp.cli db revision "$(M)"
	$(PY) -m ruff format migrations

# No index address stands in the lock files: whoever installs says where from.
lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 2; }
	$(UV) pip compile pyproject.toml --group build --universal --generate-hashes --no-emit-index-url --no-header \
	    --quiet --upgrade --output-file requirements.lock
	$(UV) pip compile pyproject.toml --group dev --universal --generate-hashes --no-emit-index-url --no-header \
	    --quiet --upgrade --constraint requirements.lock --output-file requirements-dev.lock

# --- what the targets above stand on ---

%.mo: %.po | $(VENV)/installed
	@$(PY) hatch_build.py

# The stamps: a second start finds them newer than the lock files and installs nothing. .venv/home notices a checkout
# that was moved or copied, whose programs would still be those of the old place; a .venv of somebody's own is kept.
$(VENV)/installed: requirements.lock pyproject.toml hatch_build.py $(VENV)/home
	@echo "Installing the locked packages into $(VENV) (a minute or two the first time) …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock $(VENV)/installed
	@echo "Installing the locked packages for tests and checks into $(VENV) …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

ifneq ($(shell cat $(VENV)/home 2>/dev/null && $(PY) -c pass 2>/dev/null && echo works),$(CURDIR) works)
.PHONY: $(VENV)/home
endif

$(VENV)/home:
	@if [ ! -e $@ ] && $(PY) -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
	    echo "$(CURDIR)" > $@; exit 0; \
	fi; \
	rm -rf $(VENV); \
	for python in $(PYTHON); do \
	    version=$$($$python -c 'import sys; print(*sys.version_info[:2], sep=".", end=""); sys.exit(sys.version_info < (3, 11))' 2>/dev/null) || continue; \
	    if $$python -c 'import venv, ensurepip' 2>/dev/null; then \
	        echo "Making $(VENV) with $$python ($$version) …"; \
	        $$python -m venv $(VENV) && echo "$(CURDIR)" > $@ && exit 0; \
	        rm -rf $(VENV); exit 2; \
	    fi; \
	    lacking=$$version; \
	done; \
	if [ -n "$$lacking" ]; then \
	    echo "Python $$lacking is here, but its venv is not. On Debian and Ubuntu: sudo apt install python$$lacking-venv"; \
	else \
	    echo "eventsapp needs Python 3.11 or newer, and none of these is it: $(PYTHON)."; \
	    echo "  Debian, Ubuntu:  sudo apt install python3 python3-venv   (Ubuntu 22.04: python3.11 python3.11-venv)"; \
	    echo "  macOS:           brew install python"; \
	    echo "Or name one: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)"; \
	fi >&2; exit 2

node: $(PACKAGES:%=%node_modules)

tests/%/node_modules: tests/%/package-lock.json
	@if command -v npm >/dev/null; then \
	    echo "Installing the node packages of tests/$* …"; \
	    (cd tests/$* && npm ci --ignore-scripts --no-audit --no-fund --silent) && touch $@; \
	else \
	    echo "npm IS MISSING: the tests of tests/$* that need node will be skipped (Debian, Ubuntu: sudo apt install npm)."; \
	fi
