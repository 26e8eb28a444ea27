#!/bin/sh
# A virtual environment with what requirements/run.txt pins, and Budkavle in it: environment.sh PYTHON FOLDER.
# A folder that another Python made, or that cannot run any more, is made anew.
set -eu
python=$1
folder=$2
floor=$(sed -n 's/^requires-python = ">=3\.\([0-9]*\)"$/\1/p' pyproject.toml)
refuse() {
    printf '%s\n' "$1" >&2
    exit 2
}

path=$(command -v "$python") || refuse "There is no $python here. Install Python 3.$floor or newer (Debian: apt-get install python3 python3-venv), or name it: make demo PYTHON=/path/to/python3"
"$path" -c "import sys; sys.exit(sys.version_info < (3, $floor))" || refuse "$path is $("$path" -V 2>&1), and Budkavle needs 3.$floor or newer. Name a newer one: make demo PYTHON=python3.$floor"
"$path" -c "import ensurepip, venv" 2>/dev/null || refuse "$path cannot make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv; elsewhere, install the venv module of this Python"

if [ "$path" != "$(cat "$folder/made-by" 2>/dev/null)" ] || ! "$folder/bin/python" -c "" 2>/dev/null; then
    rm -rf "$folder"
fi
if [ ! -d "$folder" ]; then
    echo "Making the virtual environment $folder with $("$path" -V 2>&1) ..."
    "$path" -m venv "$folder"
    printf '%s\n' "$path" >"$folder/made-by"
fi
echo "Installing what Budkavle needs into $folder (a minute or so the first time) ..."
"$folder/bin/pip" install --quiet --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
"$folder/bin/pip" install --quiet --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
