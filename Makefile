# Two commands for anyone: make demo, make test. Both set everything up by themselves.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv
ONCE ?=
export YOLO_AUTOINSTALL := false
export YOLO_OFFLINE := true
# Every command would compile some 2,900 modules anew, which takes longer than their import.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test setup lint lock sample clean

demo: setup
	$(BIN)/etle demo $(if $(ONCE),--once)

# Tests run on every core: a second thread in each of them would only wait for the others.
test: setup
	sh tests/services.sh
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest

setup: $(VENV)/.installed

$(UV):
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check "uv>=0.9"

# The lock is exported with the hash of every file, so that nothing but what was measured gets installed.
$(VENV)/.installed: $(UV) requirements.lock pyproject.toml
	$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(UV) pip install --quiet --python $(BIN)/python --no-deps --editable .
	touch $@

lock:
	$(UV) lock --quiet --upgrade
	$(UV) export --quiet --no-emit-project --no-emit-index-url --all-groups --output-file requirements.lock

sample:
	$(BIN)/etle scene render --seed 2146 --seconds 60 samples/junction

clean:
	rm -rf $(VENV) var
