# Two commands do all set-up: `make run` and `make test`. Everything is installed into this folder.
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8080
ONCE ?=
RUNS ?= 3000000
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION = 18,20
export CDK_VALIDATION ?= false
export CDK_DISABLE_CLI_TELEMETRY = true

bin := .venv/bin
workers := $(shell nproc 2>/dev/null || echo 2)

.PHONY: help run test check lint format types stale smoke-cli smoke smoke-dry layer target-template compile benchmarks lock clean needs sweep sweep-whole sweep-lagging sweep-doubles \
  sweep-moto differential mutants fuzz fuzz-live policy rehearse rehearse-small

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## */\1\t/' | expand -t 12

run: .venv/ready node_modules/ready layer  ## four acts on the embedded AWS, then serve (PORT=8080, ONCE=1 to stop after)
	@$(bin)/python -m local.run --port $(PORT) $(if $(ONCE),--once)

test: .venv/ready layer  ## the whole suite
	$(bin)/python -m pytest -n $(workers) --dist loadgroup

check: .venv/ready node_modules/ready layer lint types stale policy sweep rehearse-small smoke-cli smoke-dry test  ## all that CI runs

lint: .venv/ready
	$(bin)/ruff check .
	$(bin)/ruff format --check .

format: .venv/ready  ## write the house's format
	$(bin)/ruff check --fix .
	$(bin)/ruff format .

types: .venv/ready
	$(bin)/mypy .

stale: .venv/ready  ## committed artefacts are what the source says
	$(bin)/python -m statemachines --check
	$(bin)/python -m rehearsal catalogue --check
	$(bin)/python -m lambdas.push --check
	$(bin)/python -m stacks.permissions --check

target-template: .venv/ready  ## the CloudFormation template of target accounts: docs/accounts.md
	@$(bin)/python -m stacks.target

compile: .venv/ready  ## write compiled machines, pages of operations and permissions, the schema of events
	$(bin)/python -m statemachines
	$(bin)/python -m rehearsal catalogue
	$(bin)/python -m lambdas.push
	$(bin)/python -m stacks.permissions

smoke-cli: .venv/ready node_modules/ready layer  ## the real CDK CLI bootstraps, deploys, updates and destroys
	$(bin)/python -m stacks.cli_smoke

smoke: .venv/ready node_modules/ready layer  ## four acts in a sandbox account: ACCOUNT=123456789012 [PROFILE=] [REGION=]
	@$(bin)/python -m smoke $(if $(ACCOUNT),--account $(ACCOUNT)) $(if $(PROFILE),--profile $(PROFILE)) \
	  $(if $(REGION),--region $(REGION))

smoke-dry: .venv/ready node_modules/ready layer  ## the same with a second embedded AWS for the account
	@$(bin)/python -m smoke --dry-run

layer: .venv/ready  ## the functions' dependencies, as Lambda runs them
	@$(bin)/python -m stacks.layer

.venv/ready: requirements-uv.lock requirements-dev.lock | needs
	@echo "installing Python packages into .venv"
	@test -x $(bin)/python || $(PYTHON) -m venv .venv
	@$(bin)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(bin)/uv pip sync --quiet --python $(bin)/python --require-hashes requirements-dev.lock requirements-uv.lock
	@touch $@

node_modules/ready: package.json package-lock.json | needs
	@echo "installing the CDK CLI into node_modules"
	@npm ci --silent --no-audit --no-fund
	@touch $@

needs:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is needed: on Debian, apt-get install python3-venv"; exit 1; }
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' 2>/dev/null \
	  || { echo "Node.js 20 or newer is needed: install it from your package manager"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is needed: it comes with Node.js"; exit 1; }

sweep: .venv/ready  ## every call of every operation goes wrong in every way, once: singles
	$(bin)/python -m rehearsal sweep all

sweep-whole: .venv/ready  ## the same, and of all scenarios each signal together with each fault
	$(bin)/python -m rehearsal sweep all --whole

sweep-lagging: .venv/ready  ## the same on a cloud whose reads are a minute old
	$(bin)/python -m rehearsal sweep all --lag 60

sweep-doubles: .venv/ready  ## a second fault strikes on the way back, once in each moment that is the same; two hours of two cores
	$(bin)/python -m rehearsal sweep plain --doubles

rehearse: .venv/ready  ## the large rehearsals, hours of them: docs/rehearsal/*.html (RUNS=3000000)
	$(bin)/python -m rehearsal run createServerGroup --runs $(RUNS) --around 2000 --html docs/rehearsal/calibrated.html
	$(bin)/python -m rehearsal run all --runs 2000 --only --html docs/rehearsal/operations.html
	$(bin)/python -m rehearsal run createServerGroup --faults bursts:0.05:120 --runs 20000 --around 500 \
	  --html docs/rehearsal/bursts.html
	$(bin)/python -m rehearsal run createServerGroup --faults outage:autoscaling:3600 --runs 5000 --around 200 \
	  --html docs/rehearsal/outage.html
	$(bin)/python -m rehearsal run createServerGroup --faults bad-release:5400 --runs 5000 --around 200 \
	  --html docs/rehearsal/bad-release.html
	$(bin)/python -m rehearsal run createServerGroup --faults outage:autoscaling:3600 --runs 5000 --only \
	  --door clouddriver --html docs/rehearsal/outage-by-clouddrivers-door.html
	$(bin)/python -m rehearsal run createServerGroup --faults bad-release:5400 --runs 5000 --only \
	  --door clouddriver --html docs/rehearsal/bad-release-by-clouddrivers-door.html

rehearse-small: .venv/ready  ## 20,000 createServerGroup under the calibrated faults
	$(bin)/python -m rehearsal run createServerGroup --runs 20000 --only

sweep-moto: .venv/ready  ## singles at botocore's events, over moto
	SWEEP=all $(bin)/python -m pytest tests/rehearsal/test_moto_singles.py

differential: .venv/ready  ## our interpreter and moto's on 500 sagas and what their Tasks answer
	HYPOTHESIS_EXAMPLES=500 $(bin)/python -m pytest tests/rehearsal/test_differential.py

mutants: .venv/ready  ## break the product in one place at a time, and see it caught
	$(bin)/python -m rehearsal mutants

fuzz: .venv/ready  ## 10,000 requests made from the OpenAPI document, hostile ones too, against the real handler
	$(bin)/python -m rehearsal fuzz

fuzz-live: .venv/ready layer  ## 300 of them over HTTP through the embedded AWS
	FUZZ_LIVE=1 $(bin)/python -m pytest tests/end_to_end/test_fuzz_live.py

policy: .venv/ready  ## our own rules over the compiled machines
	$(bin)/python -m stacks.machine_policy statemachines/compiled/*.asl.json

benchmarks: .venv/ready  ## speed, as ratios: benchmarks/README.md
	$(bin)/python -m benchmarks.imports
	$(bin)/python -m benchmarks.authorisation
	$(bin)/python -m benchmarks.rehearsals
	$(bin)/python -m benchmarks.clusters

lock: .venv/ready  ## resolve the dependencies anew
	@for f in requirements-uv requirements requirements-infra requirements-dev; do \
	  $(bin)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    --no-emit-index-url --no-emit-find-links --upgrade $$f.in -o $$f.lock; done

clean:  ## remove all that was installed or built here
	rm -rf .venv node_modules build cdk.out .local
