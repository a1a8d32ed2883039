# One word a chore. Only Python (3.11 or newer), make and the package registries are needed.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SAMPLE ?= yes
PORT ?= 8000
KILLS ?= 20
SECONDS ?= 10

.PHONY: help install run test crash lint format bench browser docs clean vendor

help: ## list the words
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

install: $(STAMP) ## make the virtual environment and install everything into it

$(STAMP): pyproject.toml package-lock.json tools/vendor.py
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing (a minute or two the first time)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=24'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev,postgres,elasticsearch,oidc,workers]'
	@$(BIN)/python tools/vendor.py
	@touch $@

vendor: $(STAMP) ## fetch the third-party JavaScript again, by the lock file
	$(BIN)/python tools/vendor.py

run: $(STAMP) ## the whole system on http://127.0.0.1:8000 with the sample city; SAMPLE=no starts empty
	$(BIN)/huiyin up --port $(PORT) $(if $(filter no,$(SAMPLE)),--no-sample,--sample)

test: $(STAMP) ## all tests but the slow ones and those that need a browser (make browser)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow and not browser and not crash" $(ARGS)

browser: $(STAMP) ## tests in a real Chromium (Debian: apt-get install chromium)
	$(BIN)/python -m pytest -m browser tests/browser $(ARGS)

crash: $(STAMP) ## kill processes and stop servers under load, then count; KILLS=200 SECONDS=60 is the full run
	HUIYIN_CRASH_KILLS=$(KILLS) HUIYIN_CRASH_SECONDS=$(SECONDS) $(BIN)/python -m pytest -m crash -s tests/crash $(ARGS)

lint: $(STAMP) ## ruff, mypy strict, no secrets in the repository
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python tools/audit.py secrets

audit: $(STAMP) ## known vulnerabilities of the packages, and secrets in the repository
	$(BIN)/python tools/audit.py secrets packages

sbom: $(STAMP) ## what is in it, as CycloneDX JSON in out/sbom.json
	$(BIN)/python tools/audit.py sbom

format: $(STAMP) ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(STAMP) ## every benchmark, one after the other; results as tables
	@for file in bench/[a-z]*.py; do echo "== $$file"; $(BIN)/python $$file || exit 1; done

docs: $(STAMP) ## write the parts of docs/ that come from the program (settings, commands)
	$(BIN)/python tools/docs.py

clean: ## remove the environment, caches and local data
	rm -rf $(VENV) node_modules var build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache dashboard/static/vendor
