# Entry point of the project; needs nothing but make and Python 3.11 or newer.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/fa-repro
FIGURES := $(basename $(notdir $(wildcard configs/*.yaml)))
SEARCHES := $(patsubst configs/%.yaml,%,$(wildcard configs/search/*.yaml))
EXTRAS := $(patsubst configs/%.yaml,%,$(wildcard configs/extra/*.yaml))
# uv trusts the certificates of the system, as pip does; the second name is that of older versions.
export UV_SYSTEM_CERTS := true
export UV_NATIVE_TLS := true
LOWEST := $(shell sed -n 's/^requires-python = ">=\(.*\)"/\1/p' pyproject.toml)
# The short form of the suite: what depends most on the versions of other packages.
SHORT := $(addprefix tests/,cli config datasets execution experiment figures io plotting/test_render.py \
  plotting/test_sweeps.py project/test_floors.py project/test_quick.py report results)

.DEFAULT_GOAL := help
.PHONY: help all-figures paper readme search extras test test-all test-lowest lint format bench clean $(FIGURES)

help:
	@echo "make linear        train and draw Fig. 1d; other figures: $(filter-out linear,$(FIGURES))"
	@echo "make all-figures   run every YAML in configs/"
	@echo "make paper         the same, with the paper's 20 trials each"
	@echo "make readme        update the report and the pictures in README from results/"
	@echo "make search        search for the settings of mnist, nonlinear and the rules: every YAML in configs/search/"
	@echo "make extras        beyond the paper (family of rules, digits with two hidden layers): every YAML in configs/extra/"
	@echo "make test          run the tests; make test-all includes the slow ones"
	@echo "make test-lowest   run a short form of the tests with the lowest versions of all dependencies"
	@echo "make test-3.13     run it with another Python, if there is one; likewise 3.12 and others"
	@echo "make lint          check style, formatting, types and imports; make format fixes the first two"
	@echo "make bench         measure speed (against plain NumPy and the machine's own), memory, start-up, storage and workers"

$(FIGURES): $(VENV)/installed
	$(RUN) run $@

all-figures: $(VENV)/installed
	$(RUN) run $(FIGURES)

paper: $(VENV)/installed
	$(RUN) run $(FIGURES) --set trials=20

# Update README's report and pictures from results/. Its receptive-fields.png has fewer colours and is not copied.
readme: $(VENV)/installed
	$(RUN) report --markdown > results/report.md
	sed -i.old -e '/^<!-- begin of report -->$$/,/^<!-- end of report -->$$/{//!d;}' \
	  -e '/^<!-- begin of report -->$$/r results/report.md' README.md && rm README.md.old
	for name in $(filter-out receptive-fields,$(FIGURES)); do cp results/$$name/$$name.png results/gallery/; done

search: $(VENV)/installed
	$(RUN) run $(SEARCHES)

extras: $(VENV)/installed
	$(RUN) run $(EXTRAS)

test: $(VENV)/installed-dev
	$(VENV)/bin/pytest -n auto --dist worksteal -m "not slow"

test-all: $(VENV)/installed-dev
	$(VENV)/bin/pytest -n auto --dist worksteal

# Newer packages may warn about how old ones use them, so warnings are no errors here.
test-lowest: $(VENV)-lowest/installed
	PYTHONWARNINGS=default $(VENV)-lowest/bin/python -m pytest -n auto --dist worksteal -m "not slow" -W default $(SHORT)

test-3.%: $(VENV)-3.%/installed
	$(VENV)-3.$*/bin/python -m pytest -n auto --dist worksteal -m "not slow" $(SHORT)

lint: $(VENV)/installed-dev
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports --no-cache

format: $(VENV)/installed-dev
	$(VENV)/bin/ruff check --fix .
	$(VENV)/bin/ruff format .

bench: $(VENV)/installed-dev
	$(VENV)/bin/python benchmarks/throughput.py
	$(VENV)/bin/python benchmarks/mnist.py
	$(VENV)/bin/python benchmarks/startup.py
	$(VENV)/bin/python benchmarks/storage.py
	$(VENV)/bin/python benchmarks/workers.py

clean:
	rm -rf $(VENV) $(VENV)-* dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is not Python 3.11 or newer. Name one: make PYTHON=python3.12" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

$(VENV)/installed-dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@ $(VENV)/installed

$(VENV)-lowest/installed: pyproject.toml | $(VENV)/installed-dev
	PYENV_VERSION=$(LOWEST) $(VENV)/bin/uv venv --quiet --clear --python $(LOWEST) $(VENV)-lowest
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-lowest --resolution lowest-direct -e '.[test]'
	@touch $@

# Another Python: one on the PATH, one of pyenv's, or one that uv downloads.
$(VENV)-3.%/bin/python: | $(VENV)/installed-dev
	PYENV_VERSION=3.$* $(VENV)/bin/uv venv --quiet --python 3.$* $(VENV)-3.$*

$(VENV)-3.%/installed: pyproject.toml constraints.txt | $(VENV)-3.%/bin/python
	$(VENV)/bin/uv pip install --quiet --python $(VENV)-3.$* -c constraints.txt -e '.[test]'
	@touch $@

.PRECIOUS: $(VENV)-3.%/bin/python $(VENV)-3.%/installed
