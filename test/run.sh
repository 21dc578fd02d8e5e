#!/bin/sh
# `npm test`: makes sure that the pinned Node.js and the packages are there, then runs every test.
set -eu
cd "$(dirname "$0")/.."
if ! [ -x node_modules/.bin/node ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error
fi
exec node_modules/.bin/node --disable-warning=ExperimentalWarning test/run.ts "$@"
