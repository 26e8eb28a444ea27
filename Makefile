# What a person types. Every target starts from a fresh checkout with Python 3.11 or newer and nothing else.
PYTHON ?= python3
BIN = .venv/bin

.PHONY: demo test seeds lock

demo: .venv/installed
	$(BIN)/budkavle demo demo

.venv/installed: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/tested: .venv/installed requirements/dev.txt
	sh tests/browser.sh
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

test: .venv/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

# The two real pages the intake was made for: DIR is a folder that holds them. They are not part of the project.
seeds: .venv/tested
	SEEDS=$(DIR) $(BIN)/pytest -q tests/seeds.py

lock: .venv/tested
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --no-emit-index-url --universal -p 3.11 --no-header -q -o requirements/dev.txt -c requirements/run.txt
