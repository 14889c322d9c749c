#!/bin/sh
# The one entry point of the npm scripts: installs the pinned packages (Node 24 among them) when they are missing or old,
# then runs hack/<command>.ts with that Node. Plain sh, as nothing else can be expected on a fresh machine.
set -eu
cd "$(dirname "$0")/.."
if ! [ node_modules/.package-lock.json -nt package-lock.json ] || ! [ -x node_modules/.bin/node ]; then
  echo "installing the pinned npm packages (npm ci)"
  npm ci --no-fund --no-audit --loglevel=error || {
    echo "npm ci failed: check that the npm registry can be reached and that npm is 11 or newer (npm --version)" >&2
    exit 1
  }
  touch node_modules/.package-lock.json
fi
PATH="$PWD/node_modules/.bin:$PATH"
export PATH
command=$1
shift
exec node "hack/$command.ts" "$@"
