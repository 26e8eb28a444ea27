# What a person types. Every target starts from a fresh checkout with Python 3.11 or newer and nothing else.
# PYTHON names another Python, VENV another place for the virtual environment.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo quick test fuzz mutations oldest seeds chaos bench lock

demo: $(VENV)/installed
	@$(BIN)/budkavle demo demo

# Whoever names a Python gets that one, whatever made the environment before; so does one whose Python is gone.
ifneq ($(origin PYTHON),file)
ifneq ($(shell command -v $(PYTHON)),$(shell cat $(VENV)/made-by 2>/dev/null))
.PHONY: $(VENV)/installed
endif
endif
ifneq ($(shell $(BIN)/python -c "print('runs')" 2>/dev/null),runs)
.PHONY: $(VENV)/installed
endif

$(VENV)/installed: requirements/run.txt pyproject.toml
	@sh requirements/environment.sh $(PYTHON) $(VENV)
	@touch $@

$(VENV)/tested: $(VENV)/installed requirements/dev.txt
	sh tests/browser.sh
	sh tests/packages.sh
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

# Rules and stores: what starts no process and no server. An answer within a minute, for while one works.
quick: $(VENV)/tested
	$(BIN)/pytest -n 2 --dist worksteal -m quick --hypothesis-profile=quick

test: $(VENV)/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist worksteal

# All that is drawn by chance, drawn sixteen times as often as in `make test` and twice as deep: for an idle evening.
# What it finds is pinned with @example before it is mended.
fuzz: $(VENV)/tested
	$(BIN)/pytest -n 2 --dist worksteal -m hypothesis --hypothesis-profile=long

# Comparisons and boolean operators of the rules, 200 of them drawn and turned around: the tests must notice. An hour.
mutations: $(VENV)/tested
	$(BIN)/python -m tests.mutations

# The rules and stores on Debian's own Python: the oldest that pyproject.toml claims, and the one most servers have.
oldest:
	sh tests/packages.sh
	$(MAKE) VENV=.venv-oldest PYTHON=/usr/bin/python3 .venv-oldest/tested
	.venv-oldest/bin/pytest -n 2 --dist worksteal -m quick

# The two real pages the intake was made for: DIR is a folder that holds them. They are not part of the project.
seeds: $(VENV)/tested
	SEEDS=$(DIR) $(BIN)/pytest -q tests/seeds.py

# Kills, stops, bad relays, a full disk: about half an hour (docs/chaos.md). KILLS, READERS, CONNECTIONS change its size.
chaos: $(VENV)/tested
	REPORT=docs/chaos.md $(BIN)/pytest -q -s -o tmp_path_retention_policy=failed tests/chaos/kills.py \
		tests/chaos/phases.py tests/chaos/stops.py tests/chaos/relays.py tests/chaos/stores.py

# What feeds cost, how fast they are served, an edition is sent and a list imported, and with what memory
# (docs/benchmarks.md). ARTICLES and FEEDS, ROUNDS and SECONDS, PAIRS, LETTERS and MILLION, LINES change its size.
bench: $(VENV)/tested
	$(BIN)/python -m benchmarks.feeds
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.answers
	$(BIN)/python -m benchmarks.sending
	$(BIN)/python -m benchmarks.lists

lock: $(VENV)/tested
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/dev.txt -c requirements/run.txt
