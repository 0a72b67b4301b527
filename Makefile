# A thin shell over tools/dev.py, which works the same on Windows and macOS without make:
#   python3 tools/dev.py demo | test | lint | lab | bench | soak

PYTHON := $(firstword $(foreach p,python3.14 python3.13 python3.12 python3.11 python3 python,$(shell $(p) -c 'import sys; sys.version_info >= (3, 11) and print("$(p)")' 2>/dev/null)))

.PHONY: demo test lint lab ci bench soak clean
demo test lint lab ci bench soak clean:
	@$(if $(PYTHON),,$(error Python 3.11 or newer is needed: none of python3.14 ... python3 is))$(PYTHON) tools/dev.py $@
