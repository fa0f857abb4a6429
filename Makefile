# The interpreter to make the environment with: PYTHON=python3.12 make bench
PYTHON ?= python3
# The interpreter of `make original`, which wants the original's: PYTHON312=/path/to/python3.12 make original
PYTHON312 ?= python3.12

export PIP_DISABLE_PIP_VERSION_CHECK = 1
python = .venv/bin/python

.PHONY: bench readme check original test lint stop venv

bench:
	@$(environment)
	$(python) setup_db.py
	$(python) -m bench costs $(if $(ALL),--all)

# Measures what is stale; ALL=1 everything.
readme: groups = full alternatives dataframes requests servers
readme:
	@$(environment)
	$(python) setup_db.py
	$(python) -m bench --write $(if $(ALL),--all)

# Is anything stale, and does what is published of it hold?
check: groups = full alternatives requests test
check:
	@$(environment)
	$(python) -m bench --check
	$(python) -m pytest tests/published

test: groups = full alternatives requests servers test
test:
	@$(environment)
	$(python) -m pytest -n 3 --dist loadfile --no-loadscope-reorder --ignore tests/published

original:
	@$(environment)
	$(python) -m bench.original "$(PYTHON312)"

lint: groups = full alternatives requests servers test lint
lint:
	@$(environment)
	$(python) -m ruff format --check .
	$(python) -m ruff check .
	$(python) -m mypy .
	.venv/bin/lint-imports --no-cache --no-logo
	$(python) -m check_jsonschema --builtin-schema vendor.github-workflows .github/workflows/test.yml
	$(python) -m check_jsonschema --builtin-schema vendor.compose-spec docker-compose.yml

stop:
	@$(environment)
	$(python) setup_db.py --stop

# The environment alone: make venv groups="full alternatives requests servers test lint"
venv:
	@$(environment)

# Made anew when the requirements change, or the interpreter that was asked for; a target's groups of requirements are
# added to it when they are first needed. Otherwise this takes a moment. The .pth lets a Python find the project that may
# not look beside the script (-P, -I, PYTHONSAFEPATH).
asked = $(if $(filter file,$(origin PYTHON)),true,test "$$("$(PYTHON)" -V)" = "$$($(python) -V)")
define environment
( $(python) -c '' && $(asked) && cmp -s requirements/bench.txt .venv/requirements/bench.txt && \
	for file in requirements/*.txt; do ! test -e .venv/$$file || cmp -s $$file .venv/$$file || exit 1; done; \
) 2>/dev/null || { \
	test "$$("$(PYTHON)" -c 'import sys; print(sys.version_info >= (3, 11))' 2>&1)" = True || \
		{ echo 'Python 3.11 or newer is needed: PYTHON=/path/to/python make …' >&2; exit 1; }; \
	"$(PYTHON)" -m venv --clear .venv && mkdir -p .venv/requirements; \
} && for file in $(foreach group,bench $(groups),requirements/$(group).txt); do \
	test -e .venv/$$file || { \
		: > .venv/$$file && $(python) -m pip install --quiet --require-hashes -r $$file && \
		cp $$file .venv/$$file; \
	} || exit 1; \
done && for folder in .venv/lib/python*/site-packages; do pwd > $$folder/project.pth; done
endef
