# What a developer types. T is a folder or file of tests: make test T=tests/audit
.PHONY: setup test lint types schemas reasons bench pictures ci
PYTHON ?= python3
T ?= tests
BIN := .venv/bin

setup:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'

test:
	$(BIN)/pytest -n 2 $(T)

lint:
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types:
	$(BIN)/mypy

# Writes docs/schemas anew from the types; CI fails when that changes anything.
schemas:
	$(BIN)/python -m tests.schemas
	$(BIN)/python -m tests.support.output_schemas
	$(BIN)/python -m tests.support.template_rules

# Writes docs/reasons*.md anew from the checklists; a test fails when that changes anything.
reasons:
	$(BIN)/python -m tests.reasons

bench:
	$(BIN)/python -m tests.bench

pictures:
	$(BIN)/python -m tests.pictures

ci:
	.ci/run
