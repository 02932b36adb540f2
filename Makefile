# Every check, one word each; `make` lists them. All set-up happens by itself: .venv for Python,
# $(BGSVC_CACHE) (default ~/.cache/bgsvc) for the platforms' tools.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/ready
PYTEST := $(PY) -m pytest
# Android's tools are programs on one processor each; the other platforms' tests start machines and
# services, which have the computer for themselves.
ANDROID := tests/native/android
IN_TWO_PARTS = @failed=; $(PYTEST) $(1) --ignore=$(ANDROID) || failed=1; \
	$(PYTEST) -n 2 --dist loadfile $(ANDROID) || failed=1; test -z "$$failed"
SHELL_SCRIPTS := .ci/run tools/bootstrap.sh tests/native/ios/enter.sh tests/native/linux/box.sh \
	tests/native/linux/bundles/image.sh

export PYRIGHT_PYTHON_CACHE_DIR := $(or $(BGSVC_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/bgsvc)/pyright
export PYRIGHT_PYTHON_IGNORE_WARNINGS := 1

.PHONY: help demo check test native bench golden lint types fast clean

help: ## List what there is.
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: $(READY) ## From nothing to a running service: scaffold, shims for five systems, events, a clean stop.
	@$(PY) tools/demo.py

check: lint types fast ## The fast checks: style, types, unit, contract and golden tests.

test: export BGSVC_EXAMPLES = 2000
test: lint types $(READY) ## Everything, the platforms' own tools included.
	$(call IN_TWO_PARTS)

native: $(READY) ## Give the generated files to their platforms' own tools, and run them.
	$(call IN_TWO_PARTS,-m native)

bench: $(READY) ## Measure the runtime beside its floors, in one run; BASE=COMMIT compares it with that commit, too.
	@$(PY) bench/runtime.py && $(PY) bench/channel.py && $(PY) bench/bridge.py
	@if [ "$$(id -u)" = 0 ]; then $(PY) bench/systemd.py; fi
	@if [ -n "$(BASE)" ]; then $(PY) bench/compare.py "$(BASE)"; fi

# Golden files, and the tables in the documents that are written from facts.
GOLDEN := tests/golden tests/unit/test_android_facts.py tests/unit/test_explain.py tests/unit/test_schema.py
golden: $(READY) ## Rewrite the golden files; read `git diff tests/golden` before you commit it.
	$(PYTEST) $(GOLDEN) -q --update-golden || true
	$(PYTEST) $(GOLDEN) -q

lint: $(READY)
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/shellcheck $(SHELL_SCRIPTS)

types: $(READY)
	$(PY) -m mypy
	$(VENV)/bin/pyright --pythonpath $(PY)

fast: $(READY)
	$(PYTEST) -q -n auto -m "not slow" tests/contract tests/golden tests/runtime tests/unit

$(READY): requirements/dev.txt pyproject.toml runtime/pyproject.toml tools/bootstrap.sh
	@tools/bootstrap.sh

clean: ## Remove .venv and caches in the checkout; platform tools stay in their cache.
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis
