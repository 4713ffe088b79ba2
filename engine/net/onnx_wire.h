// Owns: a look at the raw bytes before protobuf parses them. Parsing turns two bytes of a file
// into a hundred of memory where messages are empty; a file that would do so is refused first.
// Depends on: onnx_refusal.h only.
#pragma once

#include <cstddef>
#include <span>

namespace impasto::net {

/// Refuses bytes that are no protobuf message of ONNX's shape or whose parsed form would take more
/// than 160 MB beyond the file's own size. Runs in time linear in the bytes, without recursion
/// deeper than ONNX's own nesting.
void require_modest_structure(std::span<const std::byte> bytes);

}  // namespace impasto::net
