#!/usr/bin/env bash
# pypaimon and pypaimon-rust: installs both into an environment under target/compat (PyPI, once) and runs the tests here.
# Run by test/compat/run.sh; 77 means skipped.
set -eu
cd "$(dirname "$0")/../../.."

env=target/compat/python
packages=(pypaimon==2.1.0 pypaimon-rust==0.4.0 pyarrow)

# the first Python of a version that has wheels of all of them
python=''
for candidate in python3 python3.12 python3.11 python3.10; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys, venv, ensurepip; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
    python=$candidate
    break
  fi
done
if [ -z "$python" ]; then
  echo 'compat python: skipped, there is no Python 3.10 to 3.13 with venv on this machine'
  exit 77
fi

if [ "$(cat $env/installed 2>/dev/null)" != "${packages[*]}" ]; then
  rm -rf $env
  "$python" -m venv $env
  $env/bin/pip install --quiet --disable-pip-version-check "${packages[@]}"
  echo "${packages[*]}" >$env/installed
fi

WEIR_COMPAT=required npx vitest run --config test/compat/python/vitest.config.ts
