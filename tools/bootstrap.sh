#!/bin/sh
# Makes .venv from the pinned requirements, and says clearly what the machine lacks.
# Usage: tools/bootstrap.sh   (PYTHON=… chooses the interpreter)
set -eu
cd "$(dirname "$0")/.."

lacks() {
	printf 'bgsvc: %s\n' "$1" >&2
	exit 1
}

is_new_enough() {
	"$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
}

find_python() {
	for candidate in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11 python3.10; do
		if is_new_enough "$candidate"; then
			command -v "$candidate"
			return
		fi
	done
	lacks 'needs Python 3.10 or newer; none found on PATH (or name one: make PYTHON=/path/to/python3)'
}

command -v git >/dev/null || lacks 'needs git; install it and run again'
python=$(find_python)
"$python" -c 'import ensurepip, venv' 2>/dev/null ||
	lacks "$python has no venv module; on Debian and Ubuntu: apt-get install python3-venv"

echo "bgsvc: making .venv with $("$python" --version)" >&2
rm -rf .venv
"$python" -m venv .venv
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off
.venv/bin/python -m pip install --quiet --require-hashes -r requirements/dev.txt
# The two distributions themselves; their dependencies are in place, pinned.
.venv/bin/python -m pip install --quiet --no-deps --no-build-isolation -e . -e runtime
touch .venv/ready
