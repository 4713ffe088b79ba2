#include "tests/support/onnx_builder.h"

#include <span>
#include <utility>

namespace impasto::test {
namespace {

using onnx::AttributeProto;

AttributeProto& added(onnx::NodeProto& node, const char* name, AttributeProto::AttributeType type) {
  AttributeProto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(type);
  return attribute;
}

}  // namespace

onnx::TensorProto float_tensor(const Integers& shape, const Floats& values) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  tensor.mutable_dims()->Assign(shape.begin(), shape.end());
  tensor.mutable_float_data()->Assign(values.begin(), values.end());
  return tensor;
}

onnx::TensorProto integer_tensor(const Integers& shape, const Integers& values) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.mutable_dims()->Assign(shape.begin(), shape.end());
  tensor.mutable_int64_data()->Assign(values.begin(), values.end());
  return tensor;
}

void set(onnx::NodeProto& node, const char* name, std::int64_t value) {
  added(node, name, AttributeProto::INT).set_i(value);
}

void set(onnx::NodeProto& node, const char* name, float value) {
  added(node, name, AttributeProto::FLOAT).set_f(value);
}

void set(onnx::NodeProto& node, const char* name, const char* value) {
  added(node, name, AttributeProto::STRING).set_s(value);
}

void set(onnx::NodeProto& node, const char* name, const Integers& values) {
  added(node, name, AttributeProto::INTS).mutable_ints()->Assign(values.begin(), values.end());
}

void set(onnx::NodeProto& node, const char* name, const Floats& values) {
  added(node, name, AttributeProto::FLOATS).mutable_floats()->Assign(values.begin(), values.end());
}

void set(onnx::NodeProto& node, const char* name, onnx::TensorProto value) {
  *added(node, name, AttributeProto::TENSOR).mutable_t() = std::move(value);
}

OnnxBuilder::OnnxBuilder(int opset, int ir_version) {
  model_.set_ir_version(ir_version);
  model_.add_opset_import()->set_version(opset);
}

void OnnxBuilder::input(const std::string& name, const Integers& shape,
                        onnx::TensorProto::DataType type) {
  auto& input = *graph().add_input();
  input.set_name(name);
  auto& tensor = *input.mutable_type()->mutable_tensor_type();
  tensor.set_elem_type(type);
  tensor.mutable_shape();
  for (const std::int64_t size : shape) {
    auto& dimension = *tensor.mutable_shape()->add_dim();
    if (size >= 0) dimension.set_dim_value(size);
  }
}

void OnnxBuilder::metadata(const std::string& key, const std::string& value) {
  auto& entry = *model_.add_metadata_props();
  entry.set_key(key);
  entry.set_value(value);
}

std::string OnnxBuilder::initializer(const std::string& name, onnx::TensorProto tensor) {
  tensor.set_name(name);
  *graph().add_initializer() = std::move(tensor);
  return name;
}

std::string OnnxBuilder::floats(const std::string& name, const Integers& shape,
                                const Floats& values) {
  return initializer(name, float_tensor(shape, values));
}

std::string OnnxBuilder::integers(const std::string& name, const Integers& values) {
  return initializer(name, integer_tensor({static_cast<std::int64_t>(values.size())}, values));
}

onnx::NodeProto& OnnxBuilder::node(const char* op, const std::vector<std::string>& inputs,
                                   const std::string& output) {
  onnx::NodeProto& node = *graph().add_node();
  node.set_name(output);
  node.set_op_type(op);
  for (const std::string& input : inputs) node.add_input(input);
  node.add_output(output);
  return node;
}

net::Model parse(const OnnxBuilder& model, const std::string& name) {
  const std::string bytes = model.bytes();
  return net::Model::parse(std::as_bytes(std::span(bytes)), name);
}

}  // namespace impasto::test
