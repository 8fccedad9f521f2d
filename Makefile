# Two commands: `make demo` trains SeCo on the demo scenes and prints its scores; `make test` checks everything.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
UV_INSTALL := $(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt

# Stages run as `seco STAGE`: the environment's programs come first, activated or not.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Commands start often: what they import is compiled once, even where the environment forbids it.
unexport PYTHONDONTWRITEBYTECODE

# Tests compare the dense CRF with pydensecrf's. It asks for a Cython whose C++ no longer compiles on Python 3.13: it is
# built with the one installed here, once.
CRF := $(VENV)/.pydensecrf
CRF_LOG := $(VENV)/pydensecrf.log
NO_CRF := "pydensecrf does not build here ($(CRF_LOG) says why), so the tests that compare with it are skipped: it needs" \
	"a C++ compiler."

# The report's page is tested in Chromium. It is installed once, where root runs the tests on Debian; else they are skipped.
BROWSER := $(VENV)/.browser
BROWSER_LOG := $(VENV)/browser.log
NO_BROWSER := "Chromium is not here, so the tests of the report's page in a browser are skipped: install Debian's" \
	"packages chromium and chromium-driver."

.PHONY: demo test setup

demo: $(INSTALLED)
	dvc repro
	@seco summary

test: $(INSTALLED) $(CRF) $(BROWSER)
	ruff check
	ruff format --check
	basedpyright
	lint-imports
	pytest --numprocesses=logical --maxprocesses=4 --dist=worksteal --cov --cov-report=term:skip-covered

setup: $(INSTALLED)

$(CRF): $(INSTALLED)
	@$(UV_INSTALL) cython setuptools wheel >$(CRF_LOG) 2>&1 && \
		$(UV_INSTALL) --no-build-isolation-package pydensecrf2 --editable '.[crf]' >>$(CRF_LOG) 2>&1 || echo $(NO_CRF)
	@touch $@

$(BROWSER): | $(INSTALLED)
	@command -v chromedriver >/dev/null || { [ "$$(id -u)" = 0 ] && apt-get update && \
		apt-get install --yes --no-install-recommends chromium chromium-driver; } >$(BROWSER_LOG) 2>&1 || echo $(NO_BROWSER)
	@touch $@

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv
	$(UV_INSTALL) --editable '.[dev]'
	touch $@
