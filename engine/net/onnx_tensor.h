// Owns: typed arrays on the host, and how ONNX stores them.
// Depends on: onnx_refusal.h, protobuf's ONNX classes. To add an element type: a row in type_name
// and a case in decode_tensor and rounded.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <onnx/onnx_pb.h>

#include "engine/net/onnx_refusal.h"

namespace impasto::net {

using Shape = std::vector<std::int64_t>;

/// Number of elements; refuses negative dimensions and overflow.
std::int64_t element_count(const Shape& shape);
std::string to_text(const Shape& shape);

/// An element type of onnx.TensorProto.DataType.
using ElementType = int;
bool is_real(ElementType type);
bool is_integer(ElementType type);  ///< booleans included
const char* type_name(ElementType type);

/// An immutable array in row-major order. Float, half and bfloat16 are kept as float, double as
/// double, every integer type and bool as int64. Copies share the data.
struct HostTensor {
  ElementType type = onnx::TensorProto::FLOAT;
  Shape shape;
  std::shared_ptr<const std::vector<float>> floats;
  std::shared_ptr<const std::vector<double>> doubles;
  std::shared_ptr<const std::vector<std::int64_t>> integers;

  std::size_t size() const;
  double real(std::size_t i) const;           ///< element i of any type
  std::int64_t integer(std::size_t i) const;  ///< element i, truncated; refuses what does not fit
};

/// Builds a tensor of any type from doubles or integers, rounding or wrapping as the type says.
HostTensor make_tensor(ElementType type, Shape shape, const std::vector<double>& values);
HostTensor make_tensor(ElementType type, Shape shape, const std::vector<std::int64_t>& values);
HostTensor make_integers(std::vector<std::int64_t> values);  ///< a vector of int64
HostTensor with_shape(HostTensor tensor, Shape shape);       ///< the same data

std::vector<double> reals(const HostTensor& tensor);
std::vector<std::int64_t> integers(const HostTensor& tensor);

/// Decodes a stored tensor; external data may lie in `folder` only (empty: nowhere). Sizes are
/// compared before anything is allocated.
HostTensor decode_tensor(const onnx::TensorProto& proto, const std::filesystem::path& folder);

}  // namespace impasto::net
