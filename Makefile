# Every target sets up what it needs by itself: git, make and Python 3.11 (with venv) are enough.

PYTHON ?= python3
BIN := .venv/bin
# More for pytest, as in: make test ARGS="tests/protocol -x"
ARGS ?=
WORKERS ?= auto

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage lint format bench check-generated generate dist interop-setup lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## Make .venv with the versions of uv.lock (the other targets do it themselves)
	@$(PYTHON) tools/setup.py

demo: setup ## Watch a user sign up, sign in with SRP and TOTP, refresh and sign out, offline
	@$(BIN)/userpool demo

test: setup interop-setup ## Run all tests, those against foreign clients and servers too
	@$(BIN)/pytest -n $(WORKERS) --dist loadgroup $(ARGS)

coverage: ## Run all tests and hold the coverage against what is promised
	@$(MAKE) --no-print-directory test ARGS="--cov --cov-report=json:.work/coverage.json --cov-report= $(ARGS)"
	@$(BIN)/python tools/coverage_gate.py .work/coverage.json

lint: setup ## Check style, types, imports, generated files and the lock
	@$(PYTHON) tools/lint.py

format: setup ## Put the source into its one form
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

bench: setup ## Measure, each figure beside its yardstick (docs/performance.md)
	@$(BIN)/python -m benchmarks $(ARGS)

check-generated: setup ## Prove that generated files are what their tools make
	@$(PYTHON) tools/lint.py generated

generate: setup ## Write generated files anew
	@for tool in tools/gen_*.py; do $(BIN)/python $$tool || exit 1; done

dist: setup ## Build wheel and sdist, and try each in a fresh environment
	@$(BIN)/python tools/check_dist.py

interop-setup: setup ## Install the foreign clients and servers that tests talk to
	@$(BIN)/python tools/interop_setup.py

lock: ## Choose the versions of uv.lock anew, after pyproject.toml has changed
	@env -u UV_INDEX -u UV_DEFAULT_INDEX -u UV_INDEX_URL -u UV_EXTRA_INDEX_URL -u UV_FIND_LINKS \
		$(BIN)/uv lock $(ARGS)

clean: ## Remove what was made here, environments too
	@rm -rf .venv .venvs .work build dist htmlcov .coverage* .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@rm -rf .import_linter_cache tests/interop/node/node_modules
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
