# Two commands for a newcomer: `make demo` and `make test`. Everything stays inside this folder.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
# One thread a worker: two pytest workers on two cores, never more threads than cores.
TEST := OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile

# The interpreter of an environment with MMSegmentation 1.2.2; one is made if none is given.
PEER ?= .venv-peer/bin/python

.PHONY: help env demo test test-all test-minimum lint format docs clean
.PHONY: bench bench-quick bench-growth bench-gpu bench-page peer

help:
	@echo "make demo      draw aerial scenes, train DeepLabV3+ on them, test it, save pictures"
	@echo "make test      the default test suite"
	@echo "make test-all  every test that this machine can run"
	@echo "make lint      ruff, the style rules of the project"
	@echo "make bench     speed and memory against MMSegmentation (hours); make bench-quick (minutes)"
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

# PEER given on the command line or in the environment is used as it is. What int8 needs is not among
# the tests' packages; where it cannot be had, its rows say so.
peer: env
	-@$(RUN) -m pip install -q --disable-pip-version-check -r requirements/int8.txt
ifeq ($(origin PEER),file)
	@$(RUN) benchmarks/speed/peer_env.py .venv-peer
endif

bench: peer
	@$(RUN) -m benchmarks.speed --peer $(PEER)
	@$(RUN) -m benchmarks.speed.growth --peer $(PEER)

bench-quick: peer
	@$(RUN) -m benchmarks.speed --peer $(PEER) --quick

bench-growth: peer
	@$(RUN) -m benchmarks.speed.growth --peer $(PEER)

bench-gpu: peer
	@$(RUN) -m benchmarks.speed --peer $(PEER) --gpu

bench-page: env
	@$(RUN) -m benchmarks.speed --page

test-minimum: env
	@$(PYTHON) tools/make_env.py .venv-minimum
	@.venv-minimum/bin/python -m pip install -q -r requirements/minimum.txt
	@OMP_NUM_THREADS=1 .venv-minimum/bin/python -m pytest -n 2 --dist loadfile

clean:
	rm -rf .venv .venv-minimum .venv-peer work_dirs/speed data/demo work_dirs/demo build dist *.egg-info
