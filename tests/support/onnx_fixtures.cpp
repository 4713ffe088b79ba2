#include "tests/support/onnx_fixtures.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <string_view>

#include "engine/base/error.h"
#include "engine/net/model.h"
#include "engine/net/onnx_tensor.h"

namespace impasto::test {
namespace {

using net::HostTensor;
using net::Shape;
using Mode = OnnxFixtureEntry::Mode;
namespace fs = std::filesystem;

// What the importer takes on pictures, and the ops that it folds in size computations.
const std::set<std::string_view> known_ops = {"Conv",
                                              "ConvTranspose",
                                              "InstanceNormalization",
                                              "BatchNormalization",
                                              "GroupNormalization",
                                              "LayerNormalization",
                                              "Pad",
                                              "Resize",
                                              "Upsample",
                                              "MaxPool",
                                              "AveragePool",
                                              "GlobalAveragePool",
                                              "GlobalMaxPool",
                                              "Relu",
                                              "LeakyRelu",
                                              "PRelu",
                                              "Elu",
                                              "Sigmoid",
                                              "Tanh",
                                              "Clip",
                                              "HardSwish",
                                              "HardSigmoid",
                                              "Add",
                                              "Sub",
                                              "Mul",
                                              "Div",
                                              "Concat",
                                              "Slice",
                                              "Split",
                                              "DepthToSpace",
                                              "SpaceToDepth",
                                              "ReduceMean",
                                              "Sqrt",
                                              "Pow",
                                              "Identity",
                                              "Cast",
                                              "Constant",
                                              "Dropout",
                                              "Transpose",
                                              "Reshape",
                                              "Flatten",
                                              "Squeeze",
                                              "Unsqueeze",
                                              "Shape",
                                              "Size",
                                              "Gather",
                                              "Floor",
                                              "Ceil",
                                              "Expand",
                                              "Neg",
                                              "Abs",
                                              "Exp",
                                              "Reciprocal",
                                              "Min",
                                              "Max",
                                              "Sum",
                                              "Range",
                                              "ConstantOfShape",
                                              "Where",
                                              "Equal",
                                              "MatMul",
                                              "Gemm",
                                              "ReduceSum",
                                              "Tile"};

// Ops whose first dimension is the batch whatever the rank.
const std::set<std::string_view> batched_ops = {"Conv",
                                                "ConvTranspose",
                                                "InstanceNormalization",
                                                "BatchNormalization",
                                                "MaxPool",
                                                "AveragePool",
                                                "GlobalAveragePool",
                                                "GlobalMaxPool",
                                                "Pad",
                                                "Resize",
                                                "Upsample"};

template <typename Message>
Message parse_file(const fs::path& path) {
  Message message;
  std::ifstream stream(path, std::ios::binary);
  if (!stream || !message.ParseFromIstream(&stream)) {
    throw Error(ExitCode::model, path.string() + ": cannot be parsed");
  }
  return message;
}

bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.empty() && pattern.back() == '*') {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return name == pattern;
}

bool uses_known_ops(const onnx::GraphProto& graph) {
  return std::ranges::all_of(graph.node(),
                             [](const auto& node) { return known_ops.contains(node.op_type()); });
}

struct Case {
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputs;
  HostTensor output;
};

Case read_case(const fs::path& folder) {
  Case result;
  result.model = parse_file<onnx::ModelProto>(folder / "model.onnx");
  for (int i = 0; i < result.model.graph().input_size(); ++i) {
    const fs::path file = folder / "test_data_set_0" / ("input_" + std::to_string(i) + ".pb");
    if (fs::exists(file)) result.inputs.push_back(parse_file<onnx::TensorProto>(file));
  }
  result.output = net::decode_tensor(
      parse_file<onnx::TensorProto>(folder / "test_data_set_0" / "output_0.pb"), {});
  // The ops at hand mean the same in the first opset that the importer takes.
  for (auto& opset : *result.model.mutable_opset_import()) {
    opset.set_version(std::max<std::int64_t>(opset.version(), 7));
  }
  result.model.set_ir_version(std::max<std::int64_t>(result.model.ir_version(), 3));
  return result;
}

void add_initializer(onnx::GraphProto& graph, onnx::TensorProto tensor, const std::string& name) {
  tensor.set_name(name);
  *graph.add_initializer() = std::move(tensor);
}

void add_shape(onnx::GraphProto& graph, const std::string& name, const Shape& shape) {
  onnx::TensorProto tensor;
  tensor.set_data_type(onnx::TensorProto::INT64);
  tensor.add_dims(static_cast<std::int64_t>(shape.size()));
  for (const std::int64_t size : shape) tensor.add_int64_data(size);
  add_initializer(graph, std::move(tensor), name);
}

onnx::NodeProto make_node(const char* op, std::vector<std::string> inputs, std::string output) {
  onnx::NodeProto node;
  node.set_op_type(op);
  for (std::string& input : inputs) node.add_input(std::move(input));
  node.add_output(std::move(output));
  return node;
}

void set_picture(onnx::GraphProto& graph, const char* name, const Shape& shape) {
  graph.clear_input();
  auto* input = graph.add_input();
  input->set_name(name);
  auto* type = input->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  for (const std::int64_t size : shape) type->mutable_shape()->add_dim()->set_dim_value(size);
}

void set_single_output(onnx::GraphProto& graph, const char* name) {
  graph.clear_output();
  graph.add_output()->set_name(name);
}

/// Moves the nodes behind one that is put first.
void prepend(onnx::GraphProto& graph, onnx::NodeProto first) {
  const auto nodes = graph.node();
  graph.clear_node();
  *graph.add_node() = std::move(first);
  graph.mutable_node()->MergeFrom(nodes);
}

net::Net import(const onnx::ModelProto& model, const Shape& picture, const std::string& name) {
  const std::string bytes = model.SerializeAsString();
  return net::Model::parse(std::as_bytes(std::span(bytes)), name)
      .build(static_cast<int>(picture[2]), static_cast<int>(picture[3]));
}

net::Tensor tensor_of(const HostTensor& from, const Shape& shape, std::size_t begin) {
  net::Tensor tensor(static_cast<int>(shape[1]), static_cast<int>(shape[2]),
                     static_cast<int>(shape[3]));
  for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = from.real(begin + i);
  return tensor;
}

/// [1,C,H,W] shapes under which `shape`, one picture of it, may lie in memory.
std::vector<Shape> picture_shapes(Shape shape, bool batched) {
  if (batched && shape.size() == 3) return {{1, shape[1], shape[2], 1}, {1, shape[1], 1, shape[2]}};
  if (batched && shape.size() == 5) {
    return {{1, shape[1], shape[2], shape[3] * shape[4]},
            {1, shape[1], shape[2] * shape[3], shape[4]}};
  }
  while (shape.size() > 4 && shape.front() == 1) shape.erase(shape.begin());
  while (shape.size() > 4) {
    shape[shape.size() - 2] *= shape.back();
    shape.pop_back();
  }
  if (shape.size() == 4 && shape[0] != 1) shape = {1, shape[0], shape[1], shape[2] * shape[3]};
  while (shape.size() < 4) shape.insert(shape.begin(), 1);
  return {shape};
}

bool is_batched(const onnx::GraphProto& graph, std::size_t rank) {
  if (rank >= 4) return true;
  return rank == 3 && std::ranges::any_of(graph.node(), [](const auto& node) {
           return batched_ops.contains(node.op_type());
         });
}

/// Picture number `index` of a batch, for a second operand that is a batch too.
onnx::TensorProto part_of(const onnx::TensorProto& proto, std::int64_t batch, std::int64_t index,
                          std::size_t rank) {
  if (batch == 1 || proto.dims_size() != static_cast<int>(rank) || proto.dims(0) != batch) {
    return proto;
  }
  const HostTensor whole = net::decode_tensor(proto, {});
  onnx::TensorProto part;
  part.set_data_type(onnx::TensorProto::FLOAT);
  part.mutable_dims()->CopyFrom(proto.dims());
  part.set_dims(0, 1);
  const std::size_t size = whole.size() / static_cast<std::size_t>(batch);
  for (std::size_t i = 0; i < size; ++i) {
    part.add_float_data(static_cast<float>(whole.real(static_cast<std::size_t>(index) * size + i)));
  }
  return part;
}

/// The fixture's model for one picture: the picture is reshaped to what the model takes, the result
/// to `result`.
onnx::ModelProto picture_model(const Case& fixture, std::int64_t batch, std::int64_t index,
                               const Shape& picture, const Shape& result) {
  onnx::ModelProto model = fixture.model;
  onnx::GraphProto& graph = *model.mutable_graph();
  const std::string first = graph.input(0).name();
  const std::string last = graph.output(0).name();
  Shape logical(fixture.inputs[0].dims().begin(), fixture.inputs[0].dims().end());
  if (batch > 1) logical[0] = 1;
  for (std::size_t i = 1; i < fixture.inputs.size(); ++i) {
    add_initializer(graph, part_of(fixture.inputs[i], batch, index, logical.size()),
                    graph.input(static_cast<int>(i)).name());
  }
  set_picture(graph, "fixture_picture", picture);
  add_shape(graph, "fixture_shape", logical);
  prepend(graph, make_node("Reshape", {"fixture_picture", "fixture_shape"}, first));
  add_shape(graph, "fixture_result_shape", result);
  *graph.add_node() = make_node("Reshape", {last, "fixture_result_shape"}, "fixture_result");
  set_single_output(graph, "fixture_result");
  return model;
}

OnnxFixture load_picture(const Case& fixture, const std::string& name, std::int64_t batch,
                         std::int64_t index, bool batched) {
  const HostTensor input = net::decode_tensor(fixture.inputs[0], {});
  Shape one_result = fixture.output.shape;
  if (batch > 1 && !one_result.empty() && one_result[0] % batch == 0) one_result[0] /= batch;
  std::vector<Shape> results = picture_shapes(one_result, batched);
  std::string first_error;
  for (const Shape& picture : picture_shapes(input.shape, batched)) {
    // Ops that only rename leave the result where the picture lies.
    std::vector<Shape> candidates = results;
    if (net::element_count(picture) == net::element_count(results[0]))
      candidates.push_back(picture);
    for (Shape& result : candidates) {
      Shape first = picture;
      if (batch > 1) first[0] = 1;
      try {
        const onnx::ModelProto model = picture_model(fixture, batch, index, first, result);
        const auto at = static_cast<std::size_t>(index);
        const auto pictures = static_cast<std::size_t>(batch);
        return {name, import(model, first, name),
                tensor_of(input, first, at * (input.size() / pictures)),
                tensor_of(fixture.output, result, at * (fixture.output.size() / pictures))};
      } catch (const Error& error) {
        if (first_error.empty()) first_error = error.what();
      }
    }
  }
  throw Error(ExitCode::model, first_error);
}

/// All inputs constant; the folded result, flat, is added to a black picture.
OnnxFixture load_folded(const Case& fixture, const std::string& name) {
  onnx::ModelProto model = fixture.model;
  onnx::GraphProto& graph = *model.mutable_graph();
  for (std::size_t i = 0; i < fixture.inputs.size(); ++i) {
    add_initializer(graph, fixture.inputs[i], graph.input(static_cast<int>(i)).name());
  }
  const Shape flat{1, 1, 1, static_cast<std::int64_t>(fixture.output.size())};
  add_shape(graph, "fixture_shape", flat);
  const std::string last = graph.output(0).name();
  *graph.add_node() = make_node("Reshape", {last, "fixture_shape"}, "fixture_flat");
  *graph.add_node() = make_node("Add", {"fixture_picture", "fixture_flat"}, "fixture_result");
  set_picture(graph, "fixture_picture", flat);
  set_single_output(graph, "fixture_result");
  return {name, import(model, flat, name), tensor_of(fixture.output, flat, 0),
          tensor_of(fixture.output, flat, 0)};
}

}  // namespace

fs::path onnx_testdata_folder() {
  const fs::path folder = "/usr/share/libonnx-testdata/data";
  return fs::is_directory(folder) ? folder : fs::path();
}

std::vector<OnnxFixtureEntry> list_onnx_fixtures() {
  std::vector<OnnxFixtureEntry> entries;
  const fs::path root = onnx_testdata_folder();
  if (root.empty()) return entries;
  for (const char* family : {"node", "pytorch-converted", "pytorch-operator", "simple"}) {
    for (const auto& item : fs::directory_iterator(root / family)) {
      if (!fs::exists(item.path() / "model.onnx")) continue;
      const auto model = parse_file<onnx::ModelProto>(item.path() / "model.onnx");
      if (!uses_known_ops(model.graph())) continue;
      OnnxFixtureEntry entry{std::string(family) + "/" + item.path().filename().string(),
                             item.path(),
                             Mode::picture,
                             {}};
      for (const OnnxFixtureException& exception : onnx_fixture_exceptions()) {
        if (!matches(entry.name, exception.pattern)) continue;
        entry.mode = exception.mode;
        entry.reason = exception.reason;
        break;
      }
      entries.push_back(std::move(entry));
    }
  }
  std::ranges::sort(entries, {}, &OnnxFixtureEntry::name);
  return entries;
}

std::vector<OnnxFixture> load_onnx_fixture(const OnnxFixtureEntry& entry) {
  const Case fixture = read_case(entry.folder);
  if (entry.mode == Mode::folded) return {load_folded(fixture, entry.name)};
  if (fixture.inputs.empty()) throw Error(ExitCode::model, entry.name + ": has no input");
  const onnx::TensorProto& picture = fixture.inputs[0];
  const bool batched =
      is_batched(fixture.model.graph(), static_cast<std::size_t>(picture.dims_size()));
  const std::int64_t batch = batched ? picture.dims(0) : 1;
  std::vector<OnnxFixture> fixtures;
  for (std::int64_t i = 0; i < batch; ++i) {
    const std::string name = entry.name + (i > 0 ? "#" + std::to_string(i) : "");
    fixtures.push_back(load_picture(fixture, name, batch, i, batched));
  }
  return fixtures;
}

std::string compare_with_fixture(const net::Tensor& actual, const net::Tensor& expected,
                                 double relative, double absolute) {
  if (actual.data.size() != expected.data.size()) return "differs in size";
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const double wanted = expected.data[i];
    // Written so that NaN fails.
    if (!(std::abs(actual.data[i] - wanted) <= absolute + relative * std::abs(wanted))) {
      return "element " + std::to_string(i) + " is " + std::to_string(actual.data[i]) +
             ", expected " + std::to_string(wanted);
    }
  }
  return {};
}

}  // namespace impasto::test
