#!/usr/bin/env bash
# Proves weir against released readers and writers of the format: each part installs what it needs under target/compat
# (Maven Central and PyPI, once) and runs its tests.
#
#   npm run test:compat              all parts; a part whose runtime is not on this machine is skipped, and says so
#   npm run test:compat -- java      just these
#
# With CI=true or WEIR_COMPAT=required nothing is skipped: a missing runtime fails. A part is <name>/run.sh; it exits with
# 0 (passed), 77 (skipped: the last line it printed says why) or anything else (failed).
set -u
cd "$(dirname "$0")/../.." || exit 1
mkdir -p target/compat

required=no
if [ "${CI:-}" = true ] || [ "${WEIR_COMPAT:-}" = required ]; then required=yes; fi

parts=("$@")
[ ${#parts[@]} -gt 0 ] || parts=(java python engines)

node scripts/build.mjs --fast || exit 1

summary=()
failed=0
for part in "${parts[@]}"; do
  script=test/compat/$part/run.sh
  if [ ! -f "$script" ]; then
    printf 'compat: there is no part %s\n' "$part"
    failed=1
    continue
  fi
  printf '\n── compat %s\n' "$part"
  started=$SECONDS
  bash "$script"
  code=$?
  took=$((SECONDS - started))
  if [ $code -eq 0 ]; then
    summary+=("$part: passed ($took s)")
  elif [ $code -eq 77 ] && [ $required = no ]; then
    summary+=("$part: skipped, see above")
  else
    [ $code -eq 77 ] && summary+=("$part: FAILED, its runtime is missing") || summary+=("$part: FAILED ($took s)")
    failed=1
  fi
done

printf '\n'
for line in ${summary[@]+"${summary[@]}"}; do printf 'compat %s\n' "$line"; done
exit $failed
