# Two commands do everything: `make gameday` and `make test`. The others are their parts.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# Many tests wait for processes of their own: three workers for two cores.
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN); echo $$(( n + n / 2 )))

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

gameday: $(STAMP) ## lose a Region in the lab, under load, and report recovery time and data behind
	@$(BIN)/gameday run experiments/region-outage.yaml

test: $(STAMP) ## the tests (whole experiments: make scenarios)
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist worksteal $(ARGS)

scenarios: $(STAMP) .venv-clients/bin/octodns-sync ## whole experiments in the lab (minutes)
	@$(BIN)/python -m pytest -q -m scenario --timeout 600 $(ARGS)

crash-test: $(STAMP) ## kill runs at random, demand that all is put back (SEED=... COUNT=200 ONLY=...)
	@$(BIN)/python tests/crash/crash.py --count $(or $(COUNT),200) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

check: $(STAMP) ## what CI checks beside the tests: format, lint, types
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

.venv-clients/bin/octodns-sync: checks/requirements-clients.txt
	@$(PYTHON) -m venv .venv-clients && .venv-clients/bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r $<
	@touch $@

lint-templates: ## cfn-lint and `sam validate --lint`, in an environment of their own
	@test -x .venv-checks/bin/sam || { $(PYTHON) -m venv .venv-checks && .venv-checks/bin/pip install --quiet --disable-pip-version-check --only-binary :all: -r checks/requirements-checks.txt; }
	@cd deploy && ../.venv-checks/bin/cfn-lint -r us-east-1 eu-west-1 -t data.yaml regional.yaml routing.yaml runner.yaml && echo "cfn-lint: no findings"
	@cd deploy && for t in data regional routing runner; do SAM_CLI_TELEMETRY=0 ../.venv-checks/bin/sam validate --lint --region us-east-1 -t $$t.yaml || exit 1; done

env: $(STAMP) ## the environment, from the lock file, wheels only
$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "gameday needs Python 3.11 or later; name one with PYTHON=python3.12 make ..."; exit 2; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "installing from requirements.lock"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lock: ## make requirements.lock anew (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --extra dev pyproject.toml -o requirements.lock

sample: $(STAMP) ## run the main experiment and keep it as reports/sample
	@rm -rf reports/sample
	@$(BIN)/gameday run experiments/region-outage.yaml --keep-as reports/sample
	@$(BIN)/python reports/screenshot.py reports/sample/report.html reports/sample/report.png

clean: ## remove the environment, caches and the lab's files (not reports/runs)
	rm -rf $(VENV) .gameday .pytest_cache .mypy_cache .ruff_cache .hypothesis

.PHONY: help gameday test scenarios crash-test check lint-templates env lock sample clean
