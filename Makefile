# What a person types. Every target starts from a fresh checkout with Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test seeds chaos bench lock

demo: .venv/installed
	$(BIN)/budkavle demo demo

.venv/installed: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/tested: .venv/installed requirements/dev.txt
	sh tests/browser.sh
	sh tests/packages.sh
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

test: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -n 2 --dist worksteal

# The two real pages the intake was made for: DIR is a folder that holds them. They are not part of the project.
seeds: .venv/tested
	SEEDS=$(DIR) $(BIN)/pytest -q tests/seeds.py

# Kills, stops, bad relays, a full disk: about half an hour (docs/chaos.md). KILLS, READERS, CONNECTIONS change its size.
chaos: .venv/tested
	REPORT=docs/chaos.md $(BIN)/pytest -q -s -o tmp_path_retention_policy=failed tests/chaos/kills.py \
		tests/chaos/phases.py tests/chaos/stops.py tests/chaos/relays.py tests/chaos/stores.py

# What feeds cost, how fast they are served, an edition is sent and a list imported, and with what memory
# (docs/benchmarks.md). ARTICLES and FEEDS, ROUNDS and SECONDS, PAIRS, LETTERS and MILLION, LINES change its size.
bench: .venv/tested
	$(BIN)/python -m benchmarks.feeds
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.answers
	$(BIN)/python -m benchmarks.sending
	$(BIN)/python -m benchmarks.lists

lock: .venv/tested
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/dev.txt -c requirements/run.txt
