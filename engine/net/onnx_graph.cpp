#include "engine/net/onnx_graph.h"

#include <cmath>

#include "engine/base/error.h"
#include "engine/net/onnx_layout.h"

namespace impasto::net {
namespace {

constexpr std::int64_t most_folded_elements = 1 << 24;
constexpr int longest_side = 1 << 20;
constexpr std::int64_t most_elements = std::int64_t{1} << 32;
constexpr std::size_t most_operations = 40'000;  // one ONNX node may become several

const std::unordered_map<std::string_view, ImportFunction>& table() {
  static const auto* entries = [] {
    auto* map = new std::unordered_map<std::string_view, ImportFunction>;
    for (const auto family : {convolution_imports(), normalization_imports(), elementwise_imports(),
                              binary_imports(), pixel_imports(), shape_imports()}) {
      for (const ImportEntry& entry : family) map->emplace(entry.op, entry.function);
    }
    return map;
  }();
  return *entries;
}

}  // namespace

// Constants of the frame's size (a position map, say) are as large as the frame.
GraphBuilder::GraphBuilder(std::shared_ptr<const OnnxFile> file, int height, int width)
    : file_(std::move(file)),
      height_(height),
      width_(width),
      budget_(most_folded_elements + std::int64_t{16} * height * width),
      program_(std::make_shared<StyleProgram>(file_)) {}

const ImportValue& GraphBuilder::input(std::size_t i) const {
  if (!has(i)) refuse("input " + std::to_string(i) + " is missing");
  return *inputs_[i];
}

const View& GraphBuilder::image(std::size_t i) const {
  if (input(i).kind != ImportValue::Kind::image) {
    refuse("input " + std::to_string(i) + " must depend on the picture");
  }
  return input(i).view;
}

const HostTensor& GraphBuilder::constant(std::size_t i) const {
  const ImportValue& value = input(i);
  if (value.kind != ImportValue::Kind::constant) {
    refuse("input '" + printable(value.name) + "' must be a constant and depends on " +
           (value.kind == ImportValue::Kind::style ? "the style" : "the picture"));
  }
  return value.tensor;
}

std::optional<std::vector<std::int64_t>> GraphBuilder::list(const char* attribute,
                                                            std::size_t input) const {
  if (auto values = attributes().integers(attribute)) return values;
  if (!has(input)) return std::nullopt;
  return integers(constant(input));
}

FoldCall GraphBuilder::shape_call() {
  FoldCall call{*node_, file_->opset, {}, budget_};
  shapes_.assign(inputs_.size(), {});
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i] && inputs_[i]->kind != ImportValue::Kind::constant) {
      shapes_[i] = make_tensor(onnx::TensorProto::FLOAT, {}, std::vector<double>{});
      shapes_[i].shape = inputs_[i]->kind == ImportValue::Kind::image
                             ? logical_shape(inputs_[i]->view)
                             : inputs_[i]->tensor.shape;
      call.inputs.push_back(&shapes_[i]);
    } else {
      call.inputs.push_back(inputs_[i] ? &inputs_[i]->tensor : nullptr);
    }
  }
  return call;
}

ValueId GraphBuilder::canonical(const View& view) {
  const Layout layout = layout_of(view, value(view.value));
  switch (layout.kind) {
    case Layout::Kind::same:
      return view.value;
    case Layout::Kind::depth_to_space: {
      const Value from = value(view.value);
      const int block = layout.block;
      return emit(DepthToSpace{block, layout.column_row}, {view.value},
                  from.channels / (block * block), from.height * block, from.width * block);
    }
    case Layout::Kind::space_to_depth: {
      const Value from = value(view.value);
      const int block = layout.block;
      const ValueId id = emit(SpaceToDepth{block}, {view.value}, from.channels * block * block,
                              from.height / block, from.width / block);
      return layout.column_row ? emit_channel_transpose(*this, id, block * block, from.channels)
                               : id;
    }
    case Layout::Kind::channel_transpose:
      return emit_channel_transpose(*this, view.value, layout.outer, layout.inner);
    case Layout::Kind::unsupported:
      break;
  }
  refuse("its input has shape " + to_text(logical_shape(view)) +
         " after Reshape or Transpose nodes that move values between channels, rows and columns");
}

ValueId GraphBuilder::emit(Op op, std::vector<ValueId> inputs, std::int64_t channels,
                           std::int64_t height, std::int64_t width) {
  Value result;
  result.name = node_->output_size() > 0 ? node_->output(0) : node_->name();
  result.channels = checked_int(channels, 1, longest_side, "the number of channels");
  result.height = checked_int(height, 1, longest_side, "the output's height");
  result.width = checked_int(width, 1, longest_side, "the output's width");
  if (checked_multiply(checked_multiply(channels, height), width) > most_elements) {
    refuse("its output is too large");
  }
  net_.values.push_back(std::move(result));
  if (net_.nodes.size() >= most_operations) refuse("the network has too many operations");
  Node node;
  node.name = node_->name().empty() ? net_.values.back().name : node_->name();
  node.op = std::move(op);
  node.inputs = std::move(inputs);
  node.output = static_cast<ValueId>(net_.values.size() - 1);
  net_.nodes.push_back(std::move(node));
  return net_.nodes.back().output;
}

ValueId GraphBuilder::emit_same(Op op, std::vector<ValueId> inputs) {
  const Value& first = value(inputs[0]);
  const int channels = first.channels;
  const int height = first.height;
  const int width = first.width;
  return emit(std::move(op), std::move(inputs), channels, height, width);
}

ParameterId GraphBuilder::parameter(const ImportValue& value, std::vector<std::int64_t> source) {
  if (value.kind == ImportValue::Kind::image) {
    refuse("input '" + printable(value.name) + "' must not depend on the picture");
  }
  spend(static_cast<std::int64_t>(source.size()));
  Parameter parameter;
  parameter.name = value.name;
  for (const std::int64_t i : source) {
    parameter.value.push_back(static_cast<float>(value.tensor.real(static_cast<std::size_t>(i))));
    if (value.kind == ImportValue::Kind::constant && !std::isfinite(parameter.value.back())) {
      refuse("input '" + printable(value.name) + "' holds NaN or infinity");
    }
  }
  net_.parameters.push_back(std::move(parameter));
  const auto id = static_cast<ParameterId>(net_.parameters.size() - 1);
  if (value.kind == ImportValue::Kind::style) {
    style_parameters_.push_back({id, value.slot, std::move(source)});
  }
  return id;
}

ParameterId GraphBuilder::whole_parameter(const ImportValue& value, std::int64_t count) {
  if (value.kind != ImportValue::Kind::image &&
      static_cast<std::int64_t>(value.tensor.size()) != count) {
    refuse("input '" + printable(value.name) + "' has shape " + to_text(value.tensor.shape) +
           " where " + std::to_string(count) + " numbers are needed");
  }
  std::vector<std::int64_t> source(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < source.size(); ++i) source[i] = static_cast<std::int64_t>(i);
  return parameter(value, std::move(source));
}

Weights GraphBuilder::weights(std::size_t i) const {
  const ImportValue& value = input(i);
  if (value.kind == ImportValue::Kind::style) {
    refuse("its weights '" + printable(value.name) +
           "' depend on the style; only biases, scales and gains may");
  }
  const HostTensor& tensor = constant(i);
  if (!is_real(tensor.type)) {
    refuse("its weights are of type " + std::string(type_name(tensor.type)));
  }
  Weights result = tensor.floats;
  if (!result) {
    result = std::make_shared<std::vector<float>>(tensor.doubles->begin(), tensor.doubles->end());
  }
  for (const float weight : *result) {
    if (!std::isfinite(weight)) {
      refuse("its weights '" + printable(value.name) + "' hold NaN or infinity");
    }
  }
  return result;
}

void GraphBuilder::set_output(std::size_t i, View view) {
  if (i >= output_count()) refuse("it has too few outputs");
  ImportValue result;
  result.kind = ImportValue::Kind::image;
  result.view = std::move(view);
  define(node_->output(static_cast<int>(i)), std::move(result));
}

void GraphBuilder::set_output(std::size_t i, HostTensor constant) {
  if (i >= output_count()) refuse("it has too few outputs");
  ImportValue result;
  result.tensor = std::move(constant);
  define(node_->output(static_cast<int>(i)), std::move(result));
}

void GraphBuilder::define(const std::string& name, ImportValue value) {
  if (name.empty()) return;
  value.name = name;
  if (!values_.emplace(name, std::move(value)).second) {
    refuse("'" + printable(name) + "' is defined twice");
  }
}

void GraphBuilder::import_inputs() {
  for (const auto& [name, tensor] : file_->constants) {
    define(name, {ImportValue::Kind::constant, tensor, -1, {}, {}});
  }
  const ImageInput& image = file_->image;
  net_.values.push_back({image.name, image.channels, height_, width_});
  net_.input = 0;
  ImportValue picture;
  picture.kind = ImportValue::Kind::image;
  picture.view = image.channels_last ? channels_last_view(0, net_.values[0])
                                     : canonical_view(0, net_.values[0]);
  define(image.name, std::move(picture));
  if (file_->style.name.empty()) return;
  std::vector<double> first(static_cast<std::size_t>(file_->style.count), 0.0);
  first[0] = 1;
  define(file_->style.name,
         {ImportValue::Kind::style, style_tensor(file_->style, first), 0, {}, {}});
}

void GraphBuilder::import_node(const onnx::NodeProto& node) {
  node_ = &node;
  if (!node.domain().empty() && node.domain() != "ai.onnx") {
    refuse("domain '" + printable(node.domain()) + "' is unknown");
  }
  inputs_.clear();
  bool on_picture = false;
  bool on_style = false;
  for (const std::string& name : node.input()) {
    const ImportValue* value = nullptr;
    if (!name.empty()) {
      const auto found = values_.find(name);
      if (found == values_.end()) {
        refuse("it reads '" + printable(name) + "', which nothing before it provides");
      }
      value = &found->second;
      on_picture = on_picture || value->kind == ImportValue::Kind::image;
      on_style = on_style || value->kind == ImportValue::Kind::style;
    }
    inputs_.push_back(value);
  }
  // The size of an activation or of a style value is a constant.
  if (node.op_type() == "Shape" || node.op_type() == "Size") {
    set_output(0, fold(shape_call())[0]);
  } else if (!on_picture) {
    import_constant_node(on_style);
  } else {
    const auto found = table().find(node.op_type());
    if (found == table().end()) refuse("this op is not supported");
    found->second(*this);
  }
}

void GraphBuilder::import_constant_node(bool depends_on_style) {
  FoldCall call{*node_, file_->opset, {}, budget_};
  for (const ImportValue* value : inputs_) call.inputs.push_back(value ? &value->tensor : nullptr);
  FoldResult results = fold(call);
  StyleSlot slot = -1;
  if (depends_on_style) {
    std::vector<StyleProgram::Operand> operands;
    for (const ImportValue* value : inputs_) {
      StyleProgram::Operand operand;
      if (value && value->kind == ImportValue::Kind::style) operand.slot = value->slot;
      if (value && value->kind == ImportValue::Kind::constant) {
        operand.constant = std::make_shared<HostTensor>(value->tensor);
      }
      operands.push_back(std::move(operand));
    }
    slot = program_->append(*node_, std::move(operands), results.size());
  }
  for (std::size_t i = 0; i < results.size() && i < output_count(); ++i) {
    ImportValue value;
    value.tensor = std::move(results[i]);
    if (depends_on_style) {
      value.kind = ImportValue::Kind::style;
      value.slot = slot + static_cast<StyleSlot>(i);
    }
    define(node_->output(static_cast<int>(i)), std::move(value));
  }
}

void GraphBuilder::finish() {
  const auto found = values_.find(file_->output);
  const std::string label = "output '" + printable(file_->output) + "' ";
  if (found == values_.end()) refuse(label + "is computed by no node");
  if (found->second.kind != ImportValue::Kind::image) {
    refuse(label + "does not depend on the picture");
  }
  const View& view = found->second.view;
  const View last = channels_last_view(view.value, value(view.value));
  net_.output = file_->image.channels_last && view.dims == last.dims ? view.value : canonical(view);
  bind_style_parameters(program_, style_parameters_, net_);
}

Net GraphBuilder::run() {
  const std::string model = printable(file_->info.file, 4096);
  const auto fail = [&](const std::string& reason) {
    throw Error(ExitCode::model, model + ": " + (node_ ? describe(*node_) + ": " : "") + reason);
  };
  try {
    import_inputs();
    for (const onnx::NodeProto& node : file_->proto.graph().node()) {
      // A Constant node without outputs was read together with the initializers.
      if (node.op_type() == "Constant" && node.output_size() == 0) continue;
      import_node(node);
    }
    finish();
  } catch (const Refusal& refusal) {
    fail(refusal.what());
  } catch (const std::bad_alloc&) {
    fail("not enough memory");
  }
  return std::move(net_);
}

}  // namespace impasto::net
