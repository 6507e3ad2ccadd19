PYTHON ?= python3
setup := $(PYTHON) tools/setup.py
bin := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help synth test lint format tools imports lock bench clean

help:
	@echo 'make synth     write dist/, from nothing if need be; ends in the summary'
	@echo 'make test      everything: lint, tests, and that dist/ is what the program writes'
	@echo 'make lint      style, types, import arrows, workflows'
	@echo 'make format    let ruff mend what it can'
	@echo 'make tools     set up all that the other targets need'
	@echo 'make imports   write imports/ anew from the modules that tools/crds/go.mod names'
	@echo 'make lock      lock what requirements/*.in and tools/cdk8s-cli ask for; UPGRADE=--upgrade takes newer ones'
	@echo 'make bench     what synthesis and rendering cost, against peers'
	@echo 'make clean     remove what was set up'
	@echo 'PYTHON=...     the Python, 3.11 or later, to set up with; python3 unless given'

synth:
	@$(setup) synth
	@$(bin)/newstalk synth

test: lint tools
	$(bin)/python -m pytest -n 2
	$(bin)/newstalk synth --check

lint:
	@$(setup) lint
	$(bin)/ruff check
	$(bin)/ruff format --check
	$(bin)/lint-imports --no-logo
	.tools/bin/actionlint -shellcheck= -pyflakes=
	$(bin)/zizmor --offline --quiet .github
	$(bin)/mypy

format:
	@$(setup) lint
	$(bin)/ruff check --fix
	$(bin)/ruff format

tools:
	@$(setup) test

imports: tools
	$(bin)/python -m tools.imports

lock: tools
	cd requirements && for name in synth test node22; do ../$(bin)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-config --custom-compile-command 'make lock' $(UPGRADE) \
		$$name.in --output-file $$name.txt || exit 1; done
	cd tools/cdk8s-cli && ../../.tools/bin/npm install --package-lock-only --omit-lockfile-registry-resolved \
		--ignore-scripts --no-audit --no-fund --loglevel=error

bench:
	@$(setup) bench
	@$(bin)/python -m bench.run $(BENCH)

clean:
	rm -rf .venv .tools .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
