# What people type and what CI runs are the same words.
.PHONY: run check format test bench

run:
	python3 packaging/run.py

check:
	python3 packaging/run.py test

format:
	.venv/bin/ruff format . && .venv/bin/ruff check --fix .

test:
	.venv/bin/pytest

bench:
	.venv/bin/python -m tests.benchmarks.startup
	.venv/bin/python -m tests.benchmarks.event_loop
	.venv/bin/python -m tests.benchmarks.reading
	.venv/bin/python -m tests.benchmarks.large_folder
