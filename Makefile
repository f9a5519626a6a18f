# What a developer types. T is a folder or file of tests: make test T=tests/audit
.PHONY: setup test lint types bench
PYTHON ?= python3
T ?= tests

setup:
	$(PYTHON) -m venv .venv
	.venv/bin/pip install --quiet --disable-pip-version-check -e '.[test]'

test:
	.venv/bin/pytest -n 2 $(T)

lint:
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .

types:
	.venv/bin/mypy

bench:
	.venv/bin/python -m tests.bench
