PYTHON ?= python3
setup := $(PYTHON) tools/setup.py
bin := .venv/bin
shown := $(bin)/python -m tools.summary

# Tests of one part by itself, whose input is its own; all others look at what becomes of the catalog.
unit := tests/charts tests/ops tests/properties tests/rules tests/tools
services := $(patsubst %/poetry.lock,%,$(wildcard services/*/poetry.lock))
poetry := $(CURDIR)/.tools/poetry/bin/poetry
audited := $(foreach name,synth test node22 poetry,--requirement requirements/$(name).txt)
cover := --cov=catalog --cov=charts --cov=ops --cov=rules --cov-report=xml:out/coverage-

.DEFAULT_GOAL := help
.PHONY: help synth test test-unit test-integration test-security drift check capacity lint format tools \
	imports lock build test-services cluster test-cluster try deploy kubeconfig push performance observe bench clean

help:
	@echo 'make synth     write dist/, from nothing if need be; ends in the summary'
	@echo 'make test      everything: lint, tests, and that dist/ is what the program writes'
	@echo 'make test-unit, test-integration   the same tests in two halves, with coverage in out/'
	@echo 'make test-security   our code, and what is locked, against what is known to be unsafe'
	@echo 'make drift, check, capacity   for a review: dist/ is current, objects are sound, quotas and nodes hold them'
	@echo 'make lint      style, types, import arrows, workflows'
	@echo 'make format    let ruff mend what it can'
	@echo 'make tools     set up all that the other targets need'
	@echo 'make imports   write imports/ anew from the modules that tools/crds/go.mod names'
	@echo 'make lock      lock what requirements/*.in and tools/cdk8s-cli ask for; UPGRADE=--upgrade takes newer ones'
	@echo 'make build     our own images; BUILD="--tag v1.4.0 --push" and more, see newstalk build --help'
	@echo 'make test-services   what is in services/, each in an environment of its own, without servers'
	@echo 'make cluster   set up what a cluster in processes of this machine needs: half an hour the first time'
	@echo 'make test-cluster   deploy, go back and more, on such a cluster'
	@echo 'make try       staging on such a cluster, to look at'
	@echo 'make deploy    ENV=staging: bring a cluster to what this commit says'
	@echo 'make observe   ENV=staging: error rate and latency; fails above their bounds'
	@echo 'make performance   URL=https://...: a steady load for three minutes; fails when answers are slow or wrong'
	@echo 'make kubeconfig, push   for the workflow release: credentials to a file, a scanned image to its registry'
	@echo 'make bench     what synthesis and rendering cost, against peers'
	@echo 'make clean     remove what was set up'
	@echo 'PYTHON=...     the Python, 3.11 or later, to set up with; python3 unless given'

synth:
	@$(setup) synth
	@$(bin)/newstalk synth

test: lint tools
	$(bin)/python -m pytest -n 2
	$(bin)/newstalk synth --check

test-unit: tools
	COVERAGE_FILE=out/.unit $(bin)/python -m pytest -n 2 $(cover)unit.xml $(unit)

test-integration: tools
	COVERAGE_FILE=out/.integration $(bin)/python -m pytest -n 2 $(cover)integration.xml $(addprefix --ignore=,$(unit))

# An advisory database that does not know a package fails the audit too: nobody has looked is not the same as safe.
test-security:
	@$(setup) lint
	$(bin)/bandit --quiet --recursive --severity-level medium --confidence-level high \
		main.py catalog charts ops rules tools
	$(bin)/pip-audit --strict --progress-spinner off --disable-pip --require-hashes $(audited)

drift:
	@$(setup) synth
	@$(shown) 'dist/ is what the code writes' $(bin)/newstalk synth --check

check:
	@$(setup) synth
	@$(shown) Check $(bin)/newstalk check

capacity:
	@$(setup) synth
	@$(shown) Capacity $(bin)/newstalk capacity

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

lock:
	@$(setup) lock
	cd requirements && for name in synth test node22 poetry; do ../$(bin)/uv pip compile --quiet --universal \
		--python-version 3.11 --generate-hashes --no-config --custom-compile-command 'make lock' $(UPGRADE) \
		$$name.in --output-file $$name.txt || exit 1; done
	cd tools/cdk8s-cli && ../../.tools/bin/npm install --package-lock-only --omit-lockfile-registry-resolved \
		--ignore-scripts --no-audit --no-fund --loglevel=error
	$(foreach service,$(services),cd $(service) && $(poetry) lock --quiet && \
		$(poetry) export --quiet --output requirements.txt && \
		$(poetry) export --quiet --with dev --output requirements-test.txt && cd ../.. &&) true

build:
	@$(setup) synth
	@$(bin)/newstalk build $(BUILD)

test-services:
	@$(setup) services
	$(foreach service,$(services),cd $(service) && $(CURDIR)/$(bin)/ruff check --quiet && \
		$(CURDIR)/$(bin)/ruff format --quiet --check && \
		$(CURDIR)/.tools/$(service)/bin/python -m mypy && $(CURDIR)/.tools/$(service)/bin/python -m pytest && \
		cd ../.. &&) true

cluster:
	@$(setup) cluster

test-cluster: cluster
	$(bin)/python -m pytest tests/cluster

try: cluster
	@$(bin)/newstalk try

deploy:
	@$(setup) deploy
	@$(bin)/newstalk deploy $(ENV)

observe:
	@$(setup) deploy
	@$(shown) 'Error rate and latency of $(ENV)' $(bin)/newstalk observe $(ENV)

performance:
	@$(setup) performance
	@$(shown) 'Load on $(URL)' .tools/bin/k6 run --quiet --no-color --no-usage-report --env URL=$(URL) ops/observe/load.js

# CREDENTIALS: a whole kubeconfig, from a secret of the workflow's environment.
kubeconfig:
	@test -n "$$CREDENTIALS" || \
		{ echo 'error: CREDENTIALS is empty: set the secret KUBECONFIG of this environment' >&2; exit 1; }
	@mkdir -p .tools && umask 077 && printenv CREDENTIALS > .tools/kubeconfig

# IMAGE: its name below newstalk-ai/; TAG: a git tag. Pushes the bytes that were scanned, attestations included.
push:
	@case "$$TAG" in v[0-9]*) ;; \
		*) echo "error: TAG=$$TAG is no release: run from a git tag such as v1.4.0" >&2; exit 1 ;; esac
	@skopeo copy --all --preserve-digests --digestfile out/$(IMAGE).digest \
		oci-archive:out/$(IMAGE).tar docker://docker.io/newstalk-ai/$(IMAGE):"$$TAG"
	@printf 'digest=%s\n' "$$(cat out/$(IMAGE).digest)" >> "$${GITHUB_OUTPUT:-/dev/stdout}"

bench:
	@$(setup) bench
	@$(bin)/python -m bench.run $(BENCH)

clean:
	rm -rf .venv .tools .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache out
