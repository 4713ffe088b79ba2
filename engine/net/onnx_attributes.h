// Owns: typed access to a node's attributes; a wrong type is refused by name.
// Depends on: onnx_refusal.h, protobuf's ONNX classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "engine/net/onnx_refusal.h"

namespace impasto::net {

class Attributes {
 public:
  explicit Attributes(const onnx::NodeProto& node) : node_(node) {}

  bool has(const char* name) const { return find(name) != nullptr; }
  std::int64_t integer(const char* name, std::int64_t otherwise) const;
  float real(const char* name, float otherwise) const;
  std::string text(const char* name, const char* otherwise) const;
  /// Absent attributes give nothing; a single integer is no list.
  std::optional<std::vector<std::int64_t>> integers(const char* name) const;
  std::optional<std::vector<float>> reals(const char* name) const;
  const onnx::TensorProto* tensor(const char* name) const;

 private:
  const onnx::AttributeProto* find(const char* name) const;
  const onnx::AttributeProto* find(const char* name,
                                   onnx::AttributeProto::AttributeType type) const;

  const onnx::NodeProto& node_;
};

}  // namespace impasto::net
