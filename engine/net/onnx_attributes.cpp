#include "engine/net/onnx_attributes.h"

namespace impasto::net {

using onnx::AttributeProto;

const AttributeProto* Attributes::find(const char* name) const {
  for (const AttributeProto& attribute : node_.attribute()) {
    if (attribute.name() == name) return &attribute;
  }
  return nullptr;
}

const AttributeProto* Attributes::find(const char* name, AttributeProto::AttributeType type) const {
  const AttributeProto* attribute = find(name);
  if (attribute && (attribute->type() != type || !attribute->ref_attr_name().empty())) {
    refuse(std::string("attribute '") + name + "' has a wrong type");
  }
  return attribute;
}

std::int64_t Attributes::integer(const char* name, std::int64_t otherwise) const {
  const AttributeProto* attribute = find(name, AttributeProto::INT);
  return attribute ? attribute->i() : otherwise;
}

float Attributes::real(const char* name, float otherwise) const {
  const AttributeProto* attribute = find(name, AttributeProto::FLOAT);
  return attribute ? attribute->f() : otherwise;
}

std::string Attributes::text(const char* name, const char* otherwise) const {
  const AttributeProto* attribute = find(name, AttributeProto::STRING);
  return attribute ? attribute->s() : otherwise;
}

std::optional<std::vector<std::int64_t>> Attributes::integers(const char* name) const {
  const AttributeProto* attribute = find(name, AttributeProto::INTS);
  if (!attribute) return std::nullopt;
  return std::vector<std::int64_t>(attribute->ints().begin(), attribute->ints().end());
}

std::optional<std::vector<float>> Attributes::reals(const char* name) const {
  const AttributeProto* attribute = find(name, AttributeProto::FLOATS);
  if (!attribute) return std::nullopt;
  return std::vector<float>(attribute->floats().begin(), attribute->floats().end());
}

const onnx::TensorProto* Attributes::tensor(const char* name) const {
  const AttributeProto* attribute = find(name, AttributeProto::TENSOR);
  return attribute ? &attribute->t() : nullptr;
}

}  // namespace impasto::net
