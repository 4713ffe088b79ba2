// Owns: the walk over an ONNX graph for one frame size. Every value is one of three kinds: a
// constant (computed here), a style expression (computed on the host from the style weights), or
// an activation of the net under a logical shape.
// Depends on: onnx_file.h, onnx_fold.h, onnx_style.h, onnx_view.h. To add an op on activations: a
// function and a row in its family's table (onnx_ops_*.cpp).
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/net/onnx_file.h"
#include "engine/net/onnx_fold.h"
#include "engine/net/onnx_style.h"
#include "engine/net/onnx_view.h"

namespace impasto::net {

struct ImportValue {
  enum class Kind { constant, style, image };
  Kind kind = Kind::constant;
  HostTensor tensor;    ///< constant: the value; style: the value for the first style
  StyleSlot slot = -1;  ///< style
  View view;            ///< image
  std::string name;
};

class GraphBuilder {
 public:
  GraphBuilder(std::shared_ptr<const OnnxFile> file, int height, int width);

  /// Imports every node and returns the net, without the patterns of onnx_patterns.h. Throws
  /// Error{model}.
  Net run();

  // What the import functions of onnx_ops_*.cpp use, all about the node at hand.
  Attributes attributes() const { return Attributes(*node_); }
  const std::string& op() const { return node_->op_type(); }
  int opset() const { return file_->opset; }
  std::size_t input_count() const { return inputs_.size(); }
  std::size_t output_count() const { return static_cast<std::size_t>(node_->output_size()); }
  bool has(std::size_t i) const { return i < inputs_.size() && inputs_[i] != nullptr; }
  /// Refuses an input that is left out.
  const ImportValue& input(std::size_t i) const;
  /// Refuses what is no activation.
  const View& image(std::size_t i) const;
  /// Refuses what depends on the picture's content or on the style.
  const HostTensor& constant(std::size_t i) const;
  /// An integer list that is an attribute in older opsets and an input in newer ones.
  std::optional<std::vector<std::int64_t>> list(const char* attribute, std::size_t input) const;
  /// The node with its constant inputs and, for activations, no more than their shapes.
  FoldCall shape_call();

  const Value& value(ValueId id) const { return net_.value(id); }
  /// The activation as [1,C,H,W]; adds DepthToSpace and the like where the view asks for it.
  ValueId canonical(const View& view);

  /// Adds a node with a new value of this size; the name is the ONNX node's.
  ValueId emit(Op op, std::vector<ValueId> inputs, std::int64_t channels, std::int64_t height,
               std::int64_t width);
  /// The same with the size of the first input.
  ValueId emit_same(Op op, std::vector<ValueId> inputs);
  /// A vector of elements `source` of a constant or style value; refuses NaN and infinity.
  ParameterId parameter(const ImportValue& value, std::vector<std::int64_t> source);
  /// All elements; refuses another count.
  ParameterId whole_parameter(const ImportValue& value, std::int64_t count);
  /// Conv weights: a constant as floats, finite.
  Weights weights(std::size_t i) const;
  void spend(std::int64_t elements) { budget_.spend(elements); }

  void set_output(std::size_t i, View view);
  void set_output(std::size_t i, HostTensor constant);

 private:
  void import_inputs();
  void import_node(const onnx::NodeProto& node);
  void import_constant_node(bool depends_on_style);
  void define(const std::string& name, ImportValue value);
  void finish();

  std::shared_ptr<const OnnxFile> file_;
  int height_;
  int width_;
  Budget budget_;
  Net net_;
  std::unordered_map<std::string, ImportValue> values_;
  std::shared_ptr<StyleProgram> program_;
  std::vector<StyleParameter> style_parameters_;
  const onnx::NodeProto* node_ = nullptr;
  std::vector<const ImportValue*> inputs_;
  std::vector<HostTensor> shapes_;  // stand-ins of activations in shape_call
};

using ImportFunction = void (*)(GraphBuilder&);
struct ImportEntry {
  std::string_view op;
  ImportFunction function;
};

std::span<const ImportEntry> convolution_imports();
std::span<const ImportEntry> normalization_imports();
std::span<const ImportEntry> elementwise_imports();
std::span<const ImportEntry> binary_imports();
std::span<const ImportEntry> pixel_imports();
std::span<const ImportEntry> shape_imports();

}  // namespace impasto::net
