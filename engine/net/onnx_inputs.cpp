// read_inputs: which graph input is the picture, which the style, and what the output is.
#include <algorithm>

#include "engine/net/onnx_attributes.h"
#include "engine/net/onnx_file.h"

namespace impasto::net {
namespace {

constexpr int most_channels = 1024;
constexpr int most_styles = 4096;
constexpr int longest_side = 1 << 20;

/// Dimensions of an input, -1 where the file leaves one open.
Shape dimensions(const onnx::ValueInfoProto& input) {
  if (!input.type().has_tensor_type() || !input.type().tensor_type().has_shape()) {
    refuse("input '" + printable(input.name()) + "' is no tensor of a known rank");
  }
  Shape shape;
  for (const auto& dim : input.type().tensor_type().shape().dim()) {
    const bool known = dim.has_dim_value() && dim.dim_value() != 0;
    if (known && dim.dim_value() < -1) {
      refuse("input '" + printable(input.name()) + "' has a negative dimension");
    }
    shape.push_back(known ? dim.dim_value() : -1);
  }
  return shape;
}

bool is_picture(const onnx::ValueInfoProto& input, const Shape& shape) {
  return shape.size() == 4 && is_real(input.type().tensor_type().elem_type());
}

/// Whether the picture is transposed before an op that knows its axes sees it, as exporters do
/// for [1,H,W,C]; no other op of ONNX takes the colours last.
bool is_transposed_first(const onnx::GraphProto& graph, std::string name) {
  static constexpr std::string_view passes[] = {"Identity", "Cast", "Add", "Sub", "Mul", "Div"};
  for (const onnx::NodeProto& node : graph.node()) {
    if (std::ranges::find(node.input(), name) == node.input().end()) continue;
    if (node.op_type() == "Transpose") return true;
    if (std::ranges::find(passes, node.op_type()) == std::end(passes)) return false;
    if (node.output_size() > 0) name = node.output(0);
  }
  return false;
}

ImageInput read_image(const onnx::GraphProto& graph, const onnx::ValueInfoProto& input,
                      const Shape& shape) {
  ImageInput image;
  image.name = input.name();
  const std::string label = "input '" + printable(input.name()) + "' ";
  if (shape[0] != -1 && shape[0] != 1) refuse(label + "wants a batch of several pictures");
  const auto colors = [](std::int64_t size) { return size == 1 || size == 3 || size == 4; };
  image.channels_last =
      !colors(shape[1]) && colors(shape[3]) && is_transposed_first(graph, input.name());
  const std::int64_t channels = shape[image.channels_last ? 3 : 1];
  const std::int64_t height = shape[image.channels_last ? 1 : 2];
  const std::int64_t width = shape[image.channels_last ? 2 : 3];
  // A picture whose channels are left open can only be RGB.
  image.channels = channels == -1
                       ? 3
                       : checked_int(channels, 1, most_channels, "the input's number of channels");
  if (height != -1) image.height = checked_int(height, 1, longest_side, "the input's height");
  if (width != -1) image.width = checked_int(width, 1, longest_side, "the input's width");
  return image;
}

/// A style index picks a row of a table: the table says how many styles there are.
int rows_picked_by(const OnnxFile& file, const std::string& index) {
  for (const onnx::NodeProto& node : file.proto.graph().node()) {
    if (node.op_type() != "Gather" || node.input_size() < 2 || node.input(1) != index) continue;
    const auto table = file.constants.find(node.input(0));
    if (table == file.constants.end()) continue;
    const std::int64_t axis = Attributes(node).integer("axis", 0);
    const auto rank = static_cast<std::int64_t>(table->second.shape.size());
    if (axis < -rank || axis >= rank) continue;
    const std::int64_t rows = table->second.shape[static_cast<std::size_t>((axis + rank) % rank)];
    return checked_int(rows, 1, most_styles, "the number of styles");
  }
  return 0;
}

StyleInput read_style(const OnnxFile& file, const onnx::ValueInfoProto& input, Shape shape) {
  StyleInput style;
  style.name = input.name();
  style.type = input.type().tensor_type().elem_type();
  style.is_index = is_integer(style.type) && style.type != onnx::TensorProto::BOOL;
  const std::string label = "input '" + printable(input.name()) + "' ";
  if (!style.is_index && !is_real(style.type)) refuse(label + "has an unsupported element type");
  const auto listed = static_cast<int>(file.info.styles.size());
  if (style.is_index) {
    for (std::int64_t& size : shape) size = size == -1 ? 1 : size;
    if (element_count(shape) != 1) refuse(label + "must be one index");
    style.count = listed > 0 ? listed : rows_picked_by(file, style.name);
  } else {
    if (shape.empty()) refuse(label + "must be a vector of weights, one per style");
    if (shape.back() == -1) shape.back() = listed;
    for (std::int64_t& size : shape) size = size == -1 ? 1 : size;
    style.count = checked_int(shape.back(), 0, most_styles, "the number of styles");
    if (element_count(shape) != style.count) {
      refuse(label + "must be [1,S], one weight per style, and is " + to_text(shape));
    }
    if (listed > 0 && listed != style.count) {
      refuse("metadata_props lists " + std::to_string(listed) + " styles, " + label + "has " +
             std::to_string(style.count));
    }
  }
  if (style.count == 0) {
    refuse(label + "does not say how many styles there are: list them in metadata_props 'styles'");
  }
  style.shape = shape;
  return style;
}

}  // namespace

void read_inputs(OnnxFile& file) {
  const onnx::GraphProto& graph = file.proto.graph();
  std::vector<const onnx::ValueInfoProto*> open;
  for (const auto& input : graph.input()) {
    if (!file.constants.contains(input.name())) open.push_back(&input);
  }
  if (open.empty()) refuse("it has no input for a picture");
  // The picture is the first float input of rank 4; one other input may carry the style.
  const onnx::ValueInfoProto* picture = nullptr;
  for (const auto* input : open) {
    if (!picture && is_picture(*input, dimensions(*input))) picture = input;
  }
  if (!picture) {
    refuse("input '" + printable(open.front()->name()) +
           "' is no picture: a float tensor [1,3,H,W] is needed");
  }
  std::erase(open, picture);
  file.image = read_image(graph, *picture, dimensions(*picture));
  if (open.size() > 1) {
    refuse("input '" + printable(open.back()->name()) +
           "' has no value: export the model with its weights as initializers");
  }
  if (!open.empty()) {
    const Shape shape = dimensions(*open.front());
    if (open.front()->name() != "style" && shape.size() > 2) {
      refuse("input '" + printable(open.front()->name()) +
             "' is neither the picture nor a style and has no value");
    }
    file.style = read_style(file, *open.front(), shape);
  }
  if (graph.output_size() == 0) refuse("it has no output");
  file.output = graph.output(0).name();
}

}  // namespace impasto::net
