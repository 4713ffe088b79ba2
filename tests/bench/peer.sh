#!/bin/bash
# Runs ONNX Runtime on the CPU as peer.js says, after installing it from the npm registry:
#   peer.sh MODEL.onnx WIDTHxHEIGHT
# Needs node and npm. Keeps what it installs in build/bench-peer.
set -euo pipefail
root=$(dirname "$(readlink -f "$0")")/../..
version=1.30.0
packages=$root/build/bench-peer/$version/node_modules

if [ ! -d "$packages/onnxruntime-node" ]; then
  mkdir -p "${packages%/*}"
  # Its install script fetches GPU libraries; the CPU's are in the package.
  (cd "${packages%/*}" &&
    npm install --silent --ignore-scripts --no-audit --no-fund "onnxruntime-node@$version") >&2
fi
NODE_PATH=$packages exec node "$root/tests/bench/peer.js" "$@"
