# Everything a developer does here, by name. `make help` lists it.
# Needs CPython 3.11 or newer, make and pip; uses uv when it is there.

PYTHON ?= python3
BIN := .venv/bin

# What `make check` runs, in under a minute on two cores: what a change breaks first.
CHECKED := tests/policy tests/values tests/schema tests/test_rooms.py tests/test_codes.py tests/audits/test_lint.py \
  tests/audits/test_notice.py $(wildcard $(addprefix tests/promises/test_,$(addsuffix .py,conditions default_deny \
  done_once minimised_to_the_column own_data_only recorded_before_revealed restricted_means_absent \
  forgotten_means_keyless trusted_documents)))

.DEFAULT_GOAL := help
.PHONY: help run test check trials pictures accessibility mutants lint format bench lock clean runtime dev mutating

help: ## list what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

run: runtime ## serve the demo: store created and filled on the first run, then kept (PORT, GATEWAY_DATA_DIR)
	@exec $(BIN)/gateway demo

test: dev ## run every test, on SQLite and on a PostgreSQL of its own (T="..." passes arguments to pytest)
	@# Hundreds of processes are started: without compiled files each would compile the whole gateway anew.
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n auto --maxprocesses 4 --dist worksteal $(T)

check: lint ## lint, and the tests of a working day: rules, values, schema and promises, on SQLite (T="..." adds)
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal \
	  -k "not postgresql" $(CHECKED) $(T)

trials: dev ## run what needs programs of Debian's and npm's: a browser, a mail server, PgBouncer, validators (T="...")
	env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m pytest -n auto --maxprocesses 2 --dist loadfile --trials $(T)

mutants: mutating ## test the tests: does one turn red when policy, decision, guard, consents or erasure change? (M="policy" T="--help")
	nice -n 19 $(BIN)/python tools/mutants.py $(T) $(M)

lint: dev ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev ## put every file in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

pictures: dev ## renew docs/images from the running demo (needs chromium)
	$(BIN)/python tools/pages.py pictures

accessibility: dev ## write docs/accessibility.md: what axe-core finds on each page (needs chromium and npm)
	$(BIN)/python tools/pages.py accessibility

bench: dev ## measure the gateway on this machine, side by side with a hand-written endpoint (B="--help" for its options)
	$(BIN)/python -m benchmarks $(B)

lock: ## renew requirements/*.txt (needs uv; hashes for every platform, no index or host names)
	cd requirements && sh ./lock

clean: ## remove the local environment and caches (the demo's data stays)
	rm -rf .venv .venv.lock build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis

runtime dev:
	@$(PYTHON) tools/environment.py $@

mutating:
	@$(PYTHON) tools/environment.py mutants
