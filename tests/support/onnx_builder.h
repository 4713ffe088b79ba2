// Owns: ONNX models made in memory for tests.
// Depends on: engine/net/model.h, protobuf's ONNX classes. To add an attribute type: an overload of
// set().
#pragma once

#include <onnx/onnx_pb.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "engine/net/model.h"

namespace impasto::test {

using Integers = std::vector<std::int64_t>;
using Floats = std::vector<float>;

onnx::TensorProto float_tensor(const Integers& shape, const Floats& values);
onnx::TensorProto integer_tensor(const Integers& shape, const Integers& values);

/// Each sets one attribute.
void set(onnx::NodeProto& node, const char* name, std::int64_t value);
inline void set(onnx::NodeProto& node, const char* name, int value) {
  set(node, name, std::int64_t{value});
}
void set(onnx::NodeProto& node, const char* name, float value);
void set(onnx::NodeProto& node, const char* name, const char* value);
void set(onnx::NodeProto& node, const char* name, const Integers& values);
void set(onnx::NodeProto& node, const char* name, const Floats& values);
void set(onnx::NodeProto& node, const char* name, onnx::TensorProto value);

class OnnxBuilder {
 public:
  explicit OnnxBuilder(int opset = 17, int ir_version = 8);
  /// Goes on with a model that is there.
  explicit OnnxBuilder(onnx::ModelProto model) : model_(std::move(model)) {}

  /// -1 leaves a dimension open.
  void input(const std::string& name, const Integers& shape,
             onnx::TensorProto::DataType type = onnx::TensorProto::FLOAT);
  void output(const std::string& name) { graph().add_output()->set_name(name); }
  void metadata(const std::string& key, const std::string& value);
  /// Returns the name.
  std::string initializer(const std::string& name, onnx::TensorProto tensor);
  std::string floats(const std::string& name, const Integers& shape, const Floats& values);
  /// A vector.
  std::string integers(const std::string& name, const Integers& values);
  /// A node named like its output.
  onnx::NodeProto& node(const char* op, const std::vector<std::string>& inputs,
                        const std::string& output);

  onnx::GraphProto& graph() { return *model_.mutable_graph(); }
  onnx::ModelProto& proto() { return model_; }
  std::string bytes() const { return model_.SerializeAsString(); }

 private:
  onnx::ModelProto model_;
};

/// Through the real importer; throws what that throws.
net::Model parse(const OnnxBuilder& model, const std::string& name = "test");

}  // namespace impasto::test
