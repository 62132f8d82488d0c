CLUSTER ?= devcluster
IMAGE ?=
YES ?=
PYTHON ?= python3

BIN := .venv/bin
RUN := $(BIN)/python
DEMO := --cluster $(CLUSTER) $(if $(IMAGE),--image $(IMAGE)) $(if $(YES),--yes)
SETTINGS := $(if $(LR),--set lr=$(LR)) $(if $(EPOCHS),--set epochs=$(EPOCHS))

.PHONY: demo preview test test-all bench lint format tools image images down clean help

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

demo: .venv/ready  ## Train a model in pods that `pulumi up` provisions (LR=… EPOCHS=… CLUSTER=current)
	$(RUN) -m stacks.demo up $(DEMO) $(SETTINGS)

preview: .venv/ready  ## Show what `make demo` would change
	$(RUN) -m stacks.demo preview $(DEMO) $(SETTINGS)

test: .venv/ready  ## Unit, synth, engine and one cluster test per kind
	$(RUN) -m pytest -n auto --dist loadgroup -m "not slow and not lifecycle"

test-all: .venv/ready  ## Everything: faults, lifecycle of the dev cluster, bench
	$(RUN) -m pytest -m "not lifecycle"
	$(RUN) -m pytest -m lifecycle
	$(RUN) -m tests.bench
	$(RUN) -m tests.bench.recovery
	$(RUN) -m tests.bench.scale

bench: .venv/ready  ## Ratios against plain Pulumi programs, recovery beside torchrun, jobs on 1,000 nodes
	$(RUN) -m tests.bench
	$(RUN) -m tests.bench.recovery
	$(RUN) -m tests.bench.scale

lint: .venv/ready  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy components devcluster images stacks tests

format: .venv/ready  ## Let ruff format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

tools: .venv/ready  ## Build the tools (cached outside the checkout)
	$(RUN) -m devcluster.toolchain build

image: .venv/ready  ## Build the quickstart image (cached outside the checkout)
	$(RUN) -m images build quickstart

images: .venv/ready  ## Build every image
	$(RUN) -m images build

down: .venv/ready  ## Remove the dev cluster and everything it made (CLUSTER=current: destroy the stack there)
	$(RUN) -m stacks.demo down --cluster $(CLUSTER) $(if $(YES),--yes)

.venv/ready: requirements/dev.lock pyproject.toml $(shell find components -name '*.py' 2>/dev/null)
	test -x $(RUN) || $(PYTHON) -m venv .venv
	$(RUN) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.lock
	$(BIN)/uv pip sync --quiet --require-hashes requirements/dev.lock requirements/uv.lock
	rm -rf build
	$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --config-settings editable_mode=strict --editable .
	touch $@

clean:  ## Remove .venv and the checkers' caches (first make down)
	rm -rf .venv build .pytest_cache .mypy_cache .ruff_cache .hypothesis
