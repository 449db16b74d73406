# Everything runs from .venv, which is made from requirements.lock: with uv where it is there, with
# venv and pip otherwise. Nothing is downloaded after that.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PICTURES := $(CURDIR)/build/pictures

.PHONY: help demo test check bench docs format clean

help: ## Show what can be made
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

$(STAMP): requirements.lock pyproject.toml
	@scripts/make-venv "$(PYTHON)" "$(VENV)"
	@touch $(STAMP)

demo: $(STAMP) ## Take a task through a workflow of agents and a person (no key, no account)
	@$(BIN)/callboard demo $(ARGS)
	@echo && echo "And a whole team at work:" && $(BIN)/python examples/team/story.py

test: $(STAMP) ## Run the tests (a Chromium and bubblewrap are installed where there are none and that is possible)
	@mkdir -p $(PICTURES)
	@scripts/find-sandbox
	@CALLBOARD_CHROMIUM="$$(scripts/find-browser)" CALLBOARD_PICTURES=$(PICTURES) exec $(BIN)/pytest $(ARGS)

check: $(STAMP) ## Lint, types, layers, dependencies
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/basedpyright
	@$(BIN)/lint-imports
	@$(BIN)/deptry src

bench: $(STAMP) ## Measure, and print tables
	@$(BIN)/python -m benchmarks $(ARGS)

docs: $(STAMP) ## Generate the reference pages
	@$(BIN)/python docs/generate.py

format: $(STAMP) ## Format and fix what can be fixed
	@$(BIN)/ruff check --fix
	@$(BIN)/ruff format

clean: ## Remove the virtual environment and caches
	@rm -rf $(VENV) build .pytest_cache .ruff_cache .hypothesis
