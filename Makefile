# The only entry point: a machine that has Python 3.11 or newer needs nothing else.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/fa-repro
FIGURES := $(basename $(notdir $(wildcard configs/*.yaml)))
SEARCHES := $(patsubst configs/%.yaml,%,$(wildcard configs/search/*.yaml))
EXTRAS := $(patsubst configs/%.yaml,%,$(wildcard configs/extra/*.yaml))

.DEFAULT_GOAL := help
.PHONY: help all-figures paper readme search extras test test-all lint format bench clean $(FIGURES)

help:
	@echo "make linear        train and draw Fig. 1d; likewise: $(filter-out linear,$(FIGURES))"
	@echo "make all-figures   every YAML in configs/"
	@echo "make paper         the same with the paper's 20 trials each"
	@echo "make readme        the report and the pictures in README from results/"
	@echo "make search        the searches for the settings of mnist, nonlinear and the rules, every YAML in configs/search/"
	@echo "make extras        what the paper does not have: the family of rules, digits with two hidden layers; configs/extra/"
	@echo "make test          the tests; make test-all adds the long ones"
	@echo "make lint          style, formatting, types, imports;  make format mends the first two"
	@echo "make bench         speed beside plain NumPy loops and the machine's own, memory, time to start, cost of storing, workers"

$(FIGURES): $(VENV)/installed
	$(RUN) run $@

all-figures: $(VENV)/installed
	$(RUN) run $(FIGURES)

paper: $(VENV)/installed
	$(RUN) run $(FIGURES) --set trials=20

# README's report and pictures from what is in results/; receptive-fields.png there has fewer colours.
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
	rm -rf $(VENV) dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

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
