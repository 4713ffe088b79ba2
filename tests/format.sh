#!/bin/bash
# Fails where clang-format would change a source.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")/.."
find engine app shaders tests \( -name '*.h' -o -name '*.cpp' \) -print0 |
  xargs -0 clang-format --dry-run -Werror
