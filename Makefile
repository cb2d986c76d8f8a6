# The ways in. Needs make and Python 3.11, 3.12 or 3.13; `make demo` is the place to start.
# PYTHON=/path/to/python3.12 chooses the interpreter of a new environment.

VENV := .venv
BIN := $(VENV)/bin
# The environment is made anew when what it was installed from has changed.
STAMP := $(VENV)/installed-$(firstword $(shell cat constraints.txt pyproject.toml | cksum))
PYTHON ?= python3
PACKAGES := $(shell grep -c '^[a-z].*==' constraints.txt)

.DEFAULT_GOAL := help
.PHONY: help demo install test check audit chaos soak bench bench-peers docs dashboards constraints clean

help:
	@echo 'make demo     play a real election day through broker, worker and tables'
	@echo 'make test     every check and every test, on real Apache Kafka too (needs Java and Maven)'
	@echo 'make check    style, types, import rules, known vulnerabilities: no tests'
	@echo 'make audit    known vulnerabilities of the dependencies; fails when nobody can be asked'
	@echo 'make chaos    faults on three brokers and three workers: SEED= MINUTES= SCHEDULE='
	@echo 'make soak     two hours of that at 500 events/s, memory judged too: MINUTES= RATE='
	@echo 'make bench    speed and memory, as a table'
	@echo 'make bench-peers   the same job for Bytewax, Quix Streams, Kafka Streams, Faust and us'
	@echo 'make docs     regenerate the generated pages of docs/'
	@echo 'make dashboards   regenerate the dashboards and their page in docs/'
	@echo 'make clean    remove the environment and caches'

demo: $(STAMP)
	@$(BIN)/scrutineer demo --keep var/demo

install: $(STAMP)

# Two processes, since much of a test is waiting; a file's tests stay together, for they share their
# brokers, and files keep their order, in which the longest are not the last.
test: check
	$(BIN)/pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m audit

audit: $(STAMP)
	$(BIN)/python -m audit --require

# Needs Linux with namespaces, Java and Maven: docs/chaos.md.
chaos: $(STAMP)
	@$(BIN)/python -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(RATE),--rate $(RATE)) $(if $(SCHEDULE),--schedule $(SCHEDULE))

soak: $(STAMP)
	@$(BIN)/python -m tests.chaos --soak --disk 3072 $(if $(SEED),--seed $(SEED)) \
		--minutes $(or $(MINUTES),120) --rate $(or $(RATE),500)

bench: $(STAMP)
	@$(BIN)/python -m benchmarks

# The other projects live in an environment of their own: nothing of the product needs them.
bench-peers: $(STAMP) .venv-peers/installed
	@$(BIN)/python -m benchmarks.peers

.venv-peers/installed: benchmarks/peers/constraints.txt
	@$(PYTHON) -m venv --clear .venv-peers
	@.venv-peers/bin/pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement benchmarks/peers/constraints.txt
	@touch $@

docs: $(STAMP)
	@$(BIN)/python -m docs.generate

dashboards: $(STAMP)
	@$(BIN)/python -m dashboards

# Resolves for the oldest Python supported; the hashes cover every wheel of every version.
constraints:
	python3.11 -m venv $(VENV)/pip-tools
	$(VENV)/pip-tools/bin/pip install --quiet pip-tools
	CUSTOM_COMPILE_COMMAND='make constraints' \
	$(VENV)/pip-tools/bin/pip-compile --quiet --generate-hashes --strip-extras --all-extras \
		--all-build-deps --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
		--no-emit-find-links --output-file=constraints.txt pyproject.toml
	CUSTOM_COMPILE_COMMAND='make constraints' \
	$(VENV)/pip-tools/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
		--no-emit-index-url --no-emit-trusted-host --no-emit-find-links \
		--output-file=benchmarks/peers/constraints.txt benchmarks/peers/requirements.in

clean:
	rm -rf $(VENV) .venv-peers build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	rm -rf .import_linter_cache var/demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || { \
		echo 'scrutineer needs Python 3.11, 3.12 or 3.13; $(PYTHON) is: ' >&2; \
		$(PYTHON) --version >&2; \
		echo 'Name another one: make demo PYTHON=python3.11' >&2; exit 1; }
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || { \
		echo 'Making the environment $(VENV)'; \
		$(PYTHON) -m venv --clear $(VENV) || { \
			echo 'No environment could be made: on Debian and Ubuntu, install the package' \
				'python3-venv and try again.' >&2; exit 1; }; }
	@echo 'Installing $(PACKAGES) packages into $(VENV) (once; about a minute)'
	@{ $(BIN)/python -m pip install --disable-pip-version-check --require-hashes \
		--requirement constraints.txt; echo $$? >$(VENV)/status; } | \
		awk -v live="$$(test -t 1 && echo 1)" \
			'/^(Collecting|Requirement already)/ { n++; if (live) { printf "  %d of $(PACKAGES)\r", n; \
			fflush() } } END { printf "  %d of $(PACKAGES)\n", n }'
	@exit $$(cat $(VENV)/status)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps \
		--no-build-isolation --editable .
	@rm -f $(VENV)/installed-*
	@touch $@
