# Two commands: `make demo` trains SeCo on the demo scenes and prints its scores; `make test` checks everything.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SETUP := $(VENV)/.installed

.PHONY: demo test setup lint clean-venv
