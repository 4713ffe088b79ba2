#include "engine/net/onnx_tensor.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "engine/base/half.h"

namespace impasto::net {
namespace {

using onnx::TensorProto;

float round_to_bfloat16(float value) {
  if (std::isnan(value)) return value;
  auto bits = std::bit_cast<std::uint32_t>(value);
  bits += 0x7FFF + ((bits >> 16) & 1);
  return std::bit_cast<float>(bits & 0xFFFF0000U);
}

float rounded(ElementType type, double value) {
  const auto narrow = static_cast<float>(value);
  if (type == TensorProto::FLOAT16) return round_to_half(narrow);
  if (type == TensorProto::BFLOAT16) return round_to_bfloat16(narrow);
  return narrow;
}

std::int64_t wrapped(ElementType type, std::int64_t value) {
  switch (type) {
    case TensorProto::INT32:
      return static_cast<std::int32_t>(value);
    case TensorProto::UINT32:
      return static_cast<std::uint32_t>(value);
    case TensorProto::INT16:
      return static_cast<std::int16_t>(value);
    case TensorProto::UINT16:
      return static_cast<std::uint16_t>(value);
    case TensorProto::INT8:
      return static_cast<std::int8_t>(value);
    case TensorProto::UINT8:
      return static_cast<std::uint8_t>(value);
    case TensorProto::BOOL:
      return value != 0;
    default:
      return value;
  }
}

std::int64_t truncated(double value) {
  if (!(std::abs(value) < 9.2e18)) {
    if (std::isnan(value)) refuse("not-a-number is used as an integer");
    return value > 0 ? std::numeric_limits<std::int64_t>::max()
                     : std::numeric_limits<std::int64_t>::min();
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::int64_t element_count(const Shape& shape) {
  // Empty dimensions must not hide an overflow: strides multiply the others.
  std::int64_t count = 1;
  bool empty = false;
  for (const std::int64_t size : shape) {
    if (size < 0) refuse("shape " + to_text(shape) + " has a negative dimension");
    empty = empty || size == 0;
    count = checked_multiply(count, std::max<std::int64_t>(size, 1));
  }
  return empty ? 0 : count;
}

std::string to_text(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 8) return text + ",...]";
    if (i > 0) text += ',';
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

bool is_real(ElementType type) {
  return type == TensorProto::FLOAT || type == TensorProto::DOUBLE ||
         type == TensorProto::FLOAT16 || type == TensorProto::BFLOAT16;
}

bool is_integer(ElementType type) {
  switch (type) {
    case TensorProto::INT64:
    case TensorProto::INT32:
    case TensorProto::INT16:
    case TensorProto::INT8:
    case TensorProto::UINT64:
    case TensorProto::UINT32:
    case TensorProto::UINT16:
    case TensorProto::UINT8:
    case TensorProto::BOOL:
      return true;
    default:
      return false;
  }
}

const char* type_name(ElementType type) {
  static constexpr const char* names[] = {"undefined",  "float",   "uint8",  "int8",   "uint16",
                                          "int16",      "int32",   "int64",  "string", "bool",
                                          "float16",    "double",  "uint32", "uint64", "complex64",
                                          "complex128", "bfloat16"};
  return type >= 0 && type <= TensorProto::BFLOAT16 ? names[type] : "unknown";
}

std::size_t HostTensor::size() const {
  return floats ? floats->size() : doubles ? doubles->size() : integers->size();
}

double HostTensor::real(std::size_t i) const {
  return floats    ? static_cast<double>((*floats)[i])
         : doubles ? (*doubles)[i]
                   : static_cast<double>((*integers)[i]);
}

std::int64_t HostTensor::integer(std::size_t i) const {
  return integers ? (*integers)[i] : truncated(real(i));
}

HostTensor make_tensor(ElementType type, Shape shape, const std::vector<double>& values) {
  HostTensor result{type, std::move(shape), nullptr, nullptr, nullptr};
  if (type == TensorProto::DOUBLE) {
    result.doubles = std::make_shared<std::vector<double>>(values);
  } else if (is_real(type)) {
    auto data = std::make_shared<std::vector<float>>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) (*data)[i] = rounded(type, values[i]);
    result.floats = std::move(data);
  } else if (is_integer(type)) {
    auto data = std::make_shared<std::vector<std::int64_t>>(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      (*data)[i] = type == TensorProto::BOOL ? values[i] != 0 : wrapped(type, truncated(values[i]));
    }
    result.integers = std::move(data);
  } else {
    refuse(std::string("element type ") + type_name(type) + " is not supported");
  }
  return result;
}

HostTensor make_tensor(ElementType type, Shape shape, const std::vector<std::int64_t>& values) {
  if (!is_integer(type)) {
    return make_tensor(type, std::move(shape), std::vector<double>(values.begin(), values.end()));
  }
  HostTensor result{type, std::move(shape), nullptr, nullptr, nullptr};
  auto data = std::make_shared<std::vector<std::int64_t>>(values);
  for (std::int64_t& value : *data) value = wrapped(type, value);
  result.integers = std::move(data);
  return result;
}

HostTensor make_integers(std::vector<std::int64_t> values) {
  const auto count = static_cast<std::int64_t>(values.size());
  return make_tensor(TensorProto::INT64, {count}, values);
}

HostTensor with_shape(HostTensor tensor, Shape shape) {
  tensor.shape = std::move(shape);
  return tensor;
}

std::vector<double> reals(const HostTensor& tensor) {
  std::vector<double> values(tensor.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = tensor.real(i);
  return values;
}

std::vector<std::int64_t> integers(const HostTensor& tensor) {
  std::vector<std::int64_t> values(tensor.size());
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = tensor.integer(i);
  return values;
}

}  // namespace impasto::net
