# Two commands: `make demo` trains SeCo on the demo scenes and prints its scores; `make test` checks everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

# Stages run as `seco STAGE`: the environment's programs come first, activated or not.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: demo test setup

demo: $(INSTALLED)
	dvc repro
	@seco summary

test: $(INSTALLED)
	ruff check
	ruff format --check
	basedpyright
	lint-imports
	pytest --cov --cov-report=term:skip-covered

setup: $(INSTALLED)

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
	touch $@
