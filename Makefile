# Two commands for a newcomer: `make demo` and `make test`. Everything stays inside this folder.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# One thread a worker: two pytest workers on two cores, never more threads than cores.
TEST := OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile

.PHONY: help env demo test test-all test-minimum lint format docs clean

help:
	@echo "make demo      draw aerial scenes, train DeepLabV3+ on them, test it, save pictures"
	@echo "make test      the default test suite"
	@echo "make test-all  every test that this machine can run"
	@echo "make lint      ruff, the style rules of the project"
	@echo "make docs      the pages that are generated from docstrings and tests"

env:
	@$(PYTHON) tools/make_env.py $(VENV)

demo: env
	@$(RUN) tools/demo.py

test: env
	@$(TEST)

test-all: env
	@$(TEST) --run-slow

lint: env
	@$(RUN) -m ruff check .
	@$(RUN) -m ruff format --check .

format: env
	@$(RUN) -m ruff check --fix .
	@$(RUN) -m ruff format .

docs: env
	@$(RUN) tools/make_zoo.py
	@$(RUN) tools/make_api.py
	@$(RUN) tools/make_status.py

test-minimum: env
	@$(PYTHON) tools/make_env.py .venv-minimum
	@.venv-minimum/bin/python -m pip install -q -r requirements/minimum.txt
	@OMP_NUM_THREADS=1 .venv-minimum/bin/python -m pytest -n 2 --dist loadfile

clean:
	rm -rf .venv .venv-minimum data/demo work_dirs/demo build dist *.egg-info
