#!/bin/bash
# include_rule.sh must pass what is allowed and name each violation.
set -euo pipefail
rule=$(dirname "$(readlink -f "$0")")/include_rule.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{engine/{base,gpu,net,graph,video,session},app/{cli,live},shaders,tests}

# expect VERDICT FILE INCLUDE
expect() {
  echo "#include $3" >"$tree/$2"
  local verdict=allowed
  "$rule" "$tree" >"$tree/message" || verdict=forbidden
  if [ "$verdict" != "$1" ] || { [ "$1" = forbidden ] && ! grep -q "^$2:1: " "$tree/message"; }; then
    echo "$2 with #include $3: $verdict, expected $1"
    cat "$tree/message"
    exit 1
  fi
  rm "$tree/$2"
}

expect allowed engine/net/a.cpp '"engine/base/error.h"'
expect allowed engine/net/a.cpp '<vector>'
expect allowed engine/session/a.cpp '"engine/video/frame.h"'
expect allowed engine/gpu/a.h '<vulkan/vulkan.h>'
expect allowed engine/net/onnx_a.cpp '<onnx/onnx_pb.h>'
expect allowed app/live/window.cpp '"engine/gpu/device.h"'
expect allowed tests/a.cpp '<gtest/gtest.h>'
expect forbidden engine/base/a.h '"engine/net/net.h"'
expect forbidden engine/gpu/a.h '"engine/net/net.h"'
expect forbidden engine/net/a.h '"engine/graph/compile.h"'
expect forbidden engine/graph/a.h '"engine/gpu/device.h"'
expect forbidden engine/video/a.h '"engine/net/net.h"'
expect forbidden engine/session/a.cpp '"engine/video/source.h"'
expect forbidden engine/session/a.cpp '"app/cli/options.h"'
expect forbidden app/cli/a.cpp '"engine/gpu/device.h"'
expect forbidden app/cli/a.cpp '"engine/session/slots.h"'
expect forbidden engine/net/a.cpp '<vulkan/vulkan.h>'
expect forbidden engine/graph/a.cpp ' <vulkan/vulkan.h>'
expect forbidden engine/net/net.h '<onnx/onnx_pb.h>'
expect forbidden engine/session/a.cpp '<libavutil/frame.h>'
expect forbidden engine/net/a.cpp '<gtest/gtest.h>'
expect forbidden engine/net/a.cpp '<boost/any.hpp>'
expect forbidden engine/net/a.cpp '"net.h"'
expect forbidden shaders/a.comp '"engine/base/half.h"'
