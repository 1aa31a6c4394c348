# Two commands do all the set-up: `make demo` and `make test`. They need Python 3.10-3.13, git and a package index.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := demo

.PHONY: help demo test test-all lint bench clean

help:
	@echo "make demo      port the embedded CUDA trainer to Gaudi, show what was done, pack data and train 20 steps"
	@echo "make test      lint, types and tests (a quarter of an hour on 2 cores)"
	@echo "make test-all  also the long scenarios"
	@echo "make bench     measure start-up, engine, emulated device and packing"

$(VENV)/.installed: pyproject.toml hatch_build.py $(wildcard migrator/packing/compiled/*.[ch])
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[emulator]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[emulator,dev]'
	@touch $@

demo: $(VENV)/.installed
	@rm -rf $(DEMO)
	$(BIN)/migrate apply sample-bert --level performance -o $(DEMO)/sample-bert
	@for pair in "upstream minimal" "minimal packed" "packed performance"; do \
	  echo; echo "== migrate diff $$pair --stat"; \
	  $(BIN)/migrate diff $(DEMO)/sample-bert $$pair --stat || exit $$?; \
	done
	@$(BIN)/migrate log $(DEMO)/sample-bert -o $(DEMO)/migration.log
	@echo; echo "== migrate log (the end of $(DEMO)/migration.log)"; tail -n 25 $(DEMO)/migration.log
	@echo; echo "== migrate pack: made-up data, several sequences a row instead of padding"
	@$(BIN)/python $(DEMO)/sample-bert/make_synthetic_data.py --output_dir $(DEMO)/data
	$(BIN)/migrate pack $(DEMO)/data $(DEMO)/data_packed
	@echo; echo "== migrate run: 20 steps of the performance stage, on packed data and the emulated hpu device"
	$(BIN)/migrate run $(DEMO)/sample-bert --device emulated --curve -- run_pretraining.py \
	  --input_dir $(DEMO)/data_packed --output_dir $(DEMO)/results --config_file $(DEMO)/sample-bert/configs/bert_tiny.json \
	  --optimizer adamw --learning_rate 4e-3 --amp --max_steps 20 --log_freq 1
	@echo; echo "Next: $(BIN)/migrate diff $(DEMO)/sample-bert minimal performance --why"

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/python -m pytest -n 2 -q -m "not slow"

test-all: lint
	$(BIN)/python -m pytest -n 2 -q

bench: $(VENV)/.installed
	$(BIN)/python benchmarks/startup.py
	$(BIN)/python benchmarks/apply.py
	$(BIN)/python benchmarks/engine.py
	$(BIN)/python benchmarks/emulator.py
	$(BIN)/python -m benchmarks.packing
	$(BIN)/python -m benchmarks.packed_training

clean:
	rm -rf $(VENV) $(DEMO) dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
