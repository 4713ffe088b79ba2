#include "tests/support/onnx_fixtures.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string_view>

#include "engine/base/error.h"
#include "engine/net/model.h"
#include "engine/net/onnx_tensor.h"
#include "tests/support/onnx_builder.h"

namespace impasto::test {
namespace {

using net::HostTensor;
using net::Shape;
using Mode = OnnxFixtureEntry::Mode;
namespace fs = std::filesystem;

template <typename Message>
Message parse_file(const fs::path& path) {
  Message message;
  std::ifstream stream(path, std::ios::binary);
  if (!stream || !message.ParseFromIstream(&stream)) {
    throw Error(ExitCode::model, path.string() + ": cannot be parsed");
  }
  return message;
}

bool uses_known_ops(const onnx::GraphProto& graph) {
  return std::ranges::all_of(graph.node(), [](const auto& node) {
    return std::ranges::find(onnx_fixture_ops(), node.op_type()) != onnx_fixture_ops().end();
  });
}

struct Case {
  onnx::ModelProto model;
  std::vector<onnx::TensorProto> inputs;
  HostTensor output;
};

/// The files store bfloat16 under the name of a 16-bit integer.
onnx::TensorProto read_tensor(const fs::path& path, const onnx::ValueInfoProto& declared) {
  auto tensor = parse_file<onnx::TensorProto>(path);
  if (declared.type().tensor_type().elem_type() == onnx::TensorProto::BFLOAT16) {
    tensor.set_data_type(onnx::TensorProto::BFLOAT16);
  }
  return tensor;
}

Case read_case(const fs::path& folder) {
  Case result;
  result.model = parse_file<onnx::ModelProto>(folder / "model.onnx");
  const fs::path data = folder / "test_data_set_0";
  for (int i = 0; i < result.model.graph().input_size(); ++i) {
    const fs::path file = data / ("input_" + std::to_string(i) + ".pb");
    if (fs::exists(file)) {
      result.inputs.push_back(read_tensor(file, result.model.graph().input(i)));
    }
  }
  result.output =
      net::decode_tensor(read_tensor(data / "output_0.pb", result.model.graph().output(0)), {});
  // The ops at hand mean the same in the first opset that the importer takes.
  for (auto& opset : *result.model.mutable_opset_import()) {
    opset.set_version(std::max<std::int64_t>(opset.version(), 7));
  }
  result.model.set_ir_version(std::max<std::int64_t>(result.model.ir_version(), 3));
  return result;
}

/// Moves the nodes behind one that is put first.
void prepend(onnx::GraphProto& graph, onnx::NodeProto first) {
  const auto nodes = graph.node();
  graph.clear_node();
  *graph.add_node() = std::move(first);
  graph.mutable_node()->MergeFrom(nodes);
}

net::Net import(const OnnxBuilder& model, const Shape& picture, const std::string& name) {
  return parse(model, name).build(static_cast<int>(picture[2]), static_cast<int>(picture[3]));
}

net::Tensor tensor_of(const HostTensor& from, const Shape& shape, std::size_t begin) {
  net::Tensor tensor(static_cast<int>(shape[1]), static_cast<int>(shape[2]),
                     static_cast<int>(shape[3]));
  for (std::size_t i = 0; i < tensor.data.size(); ++i) tensor.data[i] = from.real(begin + i);
  return tensor;
}

/// [1,C,H,W] shapes under which `shape` may lie in memory. First the one whose rows and columns
/// are the last two dimensions, then every other grouping of neighbours.
std::vector<Shape> picture_shapes(const Shape& shape) {
  const std::size_t rank = shape.size();
  const auto product = [&](std::size_t begin, std::size_t end) {
    return net::element_count({shape.begin() + begin, shape.begin() + end});
  };
  std::vector<Shape> shapes;
  for (std::size_t height = rank + 1; height-- > 0;) {
    for (std::size_t width = height; width <= rank; ++width) {
      shapes.push_back({1, product(0, height), product(height, width), product(width, rank)});
    }
  }
  const std::size_t height = rank < 2 ? 0 : rank - 2;
  const std::size_t width = rank < 1 ? 0 : rank - 1;
  shapes.insert(shapes.begin(),
                {1, product(0, height), product(height, width), product(width, rank)});
  return shapes;
}

/// Picture number `index` of `batch`, where the operand is a batch like the first input.
onnx::TensorProto part_of(const onnx::TensorProto& proto, std::int64_t batch, std::int64_t index,
                          std::size_t rank) {
  if (batch == 1 || proto.dims_size() != static_cast<int>(rank) || proto.dims(0) != batch) {
    return proto;
  }
  const HostTensor whole = net::decode_tensor(proto, {});
  Integers shape = whole.shape;
  shape[0] = 1;
  const std::size_t size = whole.size() / static_cast<std::size_t>(batch);
  Floats values;
  for (std::size_t i = 0; i < size; ++i) {
    values.push_back(static_cast<float>(whole.real(static_cast<std::size_t>(index) * size + i)));
  }
  return float_tensor(shape, values);
}

/// The fixture's model for one picture: the picture is reshaped to what the model takes, the result
/// to `result`.
OnnxBuilder picture_model(const Case& fixture, const Shape& logical, std::int64_t batch,
                          std::int64_t index, const Shape& picture, const Shape& result) {
  OnnxBuilder model(fixture.model);
  onnx::GraphProto& graph = model.graph();
  const std::string first = graph.input(0).name();
  const std::string last = graph.output(0).name();
  for (std::size_t i = 1; i < fixture.inputs.size(); ++i) {
    model.initializer(graph.input(static_cast<int>(i)).name(),
                      part_of(fixture.inputs[i], batch, index, logical.size()));
  }
  graph.clear_input();
  graph.clear_output();
  model.input("fixture_picture", picture);
  OnnxBuilder reshape;
  reshape.node("Reshape", {"fixture_picture", model.integers("fixture_shape", logical)}, first);
  prepend(graph, reshape.graph().node(0));
  model.node("Reshape", {last, model.integers("fixture_result_shape", result)}, "fixture_result");
  model.output("fixture_result");
  return model;
}

/// Tries the shapes that input and output may have as pictures; throws for the likeliest ones.
OnnxFixture load_picture(const Case& fixture, const std::string& name, std::int64_t batch,
                         std::int64_t index) {
  const HostTensor input = net::decode_tensor(fixture.inputs[0], {});
  Shape logical = input.shape;
  Shape result_shape = fixture.output.shape;
  if (batch > 1) logical[0] = 1;
  if (batch > 1) result_shape[0] = 1;
  std::string first_error;
  for (const Shape& picture : picture_shapes(logical)) {
    for (const Shape& result : picture_shapes(result_shape)) {
      try {
        const OnnxBuilder model = picture_model(fixture, logical, batch, index, picture, result);
        const auto at = static_cast<std::size_t>(index);
        const auto pictures = static_cast<std::size_t>(batch);
        return {name, import(model, picture, name),
                tensor_of(input, picture, at * (input.size() / pictures)),
                tensor_of(fixture.output, result, at * (fixture.output.size() / pictures)),
                model.bytes()};
      } catch (const Error& error) {
        if (first_error.empty()) first_error = error.what();
      }
    }
  }
  throw Error(ExitCode::model, first_error);
}

/// The whole input as one picture, or one network per picture of the batch.
std::vector<OnnxFixture> load_pictures(const Case& fixture, const std::string& name) {
  if (fixture.inputs.empty()) throw Error(ExitCode::model, name + ": has no input");
  const onnx::TensorProto& input = fixture.inputs[0];
  const std::int64_t batch = input.dims_size() > 0 ? input.dims(0) : 1;
  try {
    return {load_picture(fixture, name, 1, 0)};
  } catch (const Error&) {
    if (batch < 2 || fixture.output.shape.empty() || fixture.output.shape[0] != batch) throw;
  }
  std::vector<OnnxFixture> fixtures;
  for (std::int64_t i = 0; i < batch; ++i) {
    fixtures.push_back(load_picture(fixture, name + "#" + std::to_string(i), batch, i));
  }
  return fixtures;
}

/// All inputs constant; the folded result, flat, is added to a black picture.
OnnxFixture load_folded(const Case& fixture, const std::string& name) {
  OnnxBuilder model(fixture.model);
  onnx::GraphProto& graph = model.graph();
  for (std::size_t i = 0; i < fixture.inputs.size(); ++i) {
    model.initializer(graph.input(static_cast<int>(i)).name(), fixture.inputs[i]);
  }
  const Shape flat{1, 1, 1, static_cast<std::int64_t>(fixture.output.size())};
  const std::string last = graph.output(0).name();
  graph.clear_input();
  graph.clear_output();
  model.input("fixture_picture", flat);
  model.node("Reshape", {last, model.integers("fixture_shape", flat)}, "fixture_flat");
  model.node("Add", {"fixture_picture", "fixture_flat"}, "fixture_result");
  model.output("fixture_result");
  const net::Tensor expected = tensor_of(fixture.output, flat, 0);
  return {name, import(model, flat, name), net::Tensor(1, 1, expected.width), expected,
          model.bytes()};
}

}  // namespace

bool matches_fixture(std::string_view name, std::string_view pattern) {
  if (!pattern.empty() && pattern.back() == '*') {
    return name.starts_with(pattern.substr(0, pattern.size() - 1));
  }
  return name == pattern;
}

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
        if (!matches_fixture(entry.name, exception.pattern)) continue;
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
  try {
    const Case fixture = read_case(entry.folder);
    if (entry.mode == Mode::folded) return {load_folded(fixture, entry.name)};
    return load_pictures(fixture, entry.name);
  } catch (const net::Refusal& refusal) {
    throw Error(ExitCode::model, entry.name + ": " + refusal.what());
  }
}

std::string compare_with_fixture(const net::Tensor& actual, const net::Tensor& expected,
                                 double relative, double absolute) {
  if (actual.data.size() != expected.data.size()) return "differs in size";
  for (std::size_t i = 0; i < expected.data.size(); ++i) {
    const double wanted = expected.data[i];
    if (std::isnan(wanted)) continue;
    if (actual.data[i] == wanted) continue;  // infinities
    // Written so that NaN fails.
    if (!(std::abs(actual.data[i] - wanted) <= absolute + relative * std::abs(wanted))) {
      return "element " + std::to_string(i) + " is " + std::to_string(actual.data[i]) +
             ", expected " + std::to_string(wanted);
    }
  }
  return {};
}

}  // namespace impasto::test
