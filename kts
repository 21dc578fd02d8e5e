#!/bin/sh
# Starts kts from a checkout. The first run installs the npm packages, among them the Node.js that the project is pinned to.
set -eu
self=$0
if [ -L "$self" ]; then self=$(readlink -f -- "$self"); fi
case $self in /*) ;; *) self=$PWD/$self ;; esac
here=${self%/*}
node="$here/node_modules/.bin/node"

if ! [ -x "$node" ] || [ "$here/package-lock.json" -nt "$here/node_modules/.package-lock.json" ]; then
  for argument in "$@"; do
    if [ "$argument" = --no-install ]; then
      echo "kts: npm packages are missing and --no-install forbids to install them; run 'npm install --no-save --ignore-scripts' in $here" >&2
      exit 1
    fi
  done
  command -v npm >/dev/null || { echo 'kts: npm (with Node.js 20 or newer) is needed for the first start' >&2; exit 1; }
  echo 'kts: installing npm packages (first start only)' >&2
  # Not 'npm ci': it insists on lock entries for the linters' builds for every other platform, which not every registry has.
  (cd "$here" && npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error >&2)
fi

NODE_COMPILE_CACHE=${NODE_COMPILE_CACHE:-$here/node_modules/.cache/compile}
export NODE_COMPILE_CACHE
exec "$node" --disable-warning=ExperimentalWarning "$here/packages/cli/src/start.ts" "$@"
