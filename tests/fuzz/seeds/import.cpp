// Writes small valid models, which fuzz_import starts from, into the folder that is given:
//   seeds_import corpus && fuzz_import -max_total_time=60 corpus
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/support/onnx_builder.h"
#include "tests/support/onnx_fixtures.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

constexpr std::size_t largest_seed = 20'000;

/// A pack: metadata, a table of styles, a program on the style, a hand-written norm.
OnnxBuilder pack() {
  OnnxBuilder model(13);
  model.metadata("styles", R"(["identity", {"name": "wave", "painter": "Hokusai"}])");
  model.metadata("identity_style", "identity");
  model.metadata("size_multiple", "4");
  model.metadata("input_range", "0..1");
  model.input("picture", {1, 3, -1, -1});
  model.input("style", {1, 2});
  model.node("Softmax", {"style"}, "soft");
  model.node("MatMul", {"soft", model.floats("table", {2, 7}, random_vector(14, 1))}, "row");
  model.node("Squeeze", {"row", model.integers("first", {0})}, "flat");
  auto& split = model.node("Split", {"flat", model.integers("parts", {3, 3, 1})}, "scale");
  split.add_output("shift");
  split.add_output("gain");
  set(model.node("ReduceMean", {"picture"}, "mean"), "axes", Integers{2, 3});
  model.node("Sub", {"picture", "mean"}, "centred");
  model.node("Mul", {"centred", "centred"}, "squares");
  set(model.node("ReduceMean", {"squares"}, "variance"), "axes", Integers{2, 3});
  model.node("Add", {"variance", model.floats("epsilon", {}, {1e-5F})}, "above_zero");
  model.node("Sqrt", {"above_zero"}, "deviation");
  model.node("Div", {"centred", "deviation"}, "normal");
  model.node("InstanceNormalization", {"normal", "scale", "shift"}, "styled");
  model.node("Mul", {"picture", "gain"}, "skip");
  model.node("Add", {"styled", "skip"}, "result");
  model.output("result");
  return model;
}

/// Sizes that are computed: Shape, Gather, Mul, Floor, Concat, Resize, pixel shuffle by Reshape.
OnnxBuilder computed_sizes() {
  OnnxBuilder model(13);
  model.input("picture", {1, 4, -1, -1});
  model.node("Shape", {"picture"}, "shape");
  model.floats("half", {}, {0.5F});
  std::vector<std::string> sizes{model.integers("head", {1, 4})};
  for (const std::string axis : {"2", "3"}) {
    model.integers("axis" + axis, {std::stoll(axis)});
    model.node("Gather", {"shape", "axis" + axis}, "size" + axis);
    set(model.node("Cast", {"size" + axis}, "real" + axis), "to", onnx::TensorProto::FLOAT);
    model.node("Mul", {"real" + axis, "half"}, "less" + axis);
    model.node("Floor", {"less" + axis}, "floor" + axis);
    set(model.node("Cast", {"floor" + axis}, "whole" + axis), "to", onnx::TensorProto::INT64);
    sizes.push_back("whole" + axis);
  }
  set(model.node("Concat", sizes, "sizes"), "axis", 0);
  set(model.node("Resize", {"picture", "", "", "sizes"}, "small"), "mode", "linear");
  set(model.node("DepthToSpace", {"small"}, "shuffled"), "blocksize", 2);
  model.node("Conv", {"shuffled", model.floats("weights", {3, 1, 3, 3}, random_vector(27, 2))},
             "conv");
  model.output("conv");
  return model;
}

void write(const std::filesystem::path& folder, std::string name, const std::string& model) {
  if (model.size() > largest_seed) return;
  for (char& c : name) c = c == '/' || c == '#' ? '_' : c;
  std::ofstream(folder / name, std::ios::binary) << model;
}

}  // namespace
}  // namespace impasto::test

int main(int count, char** arguments) {
  using namespace impasto::test;
  if (count != 2) {
    std::fprintf(stderr, "usage: seeds_import FOLDER\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder);
  write(folder, "pack", pack().bytes());
  write(folder, "computed_sizes", computed_sizes().bytes());
  for (const OnnxFixture& fixture : own_onnx_fixtures()) write(folder, fixture.name, fixture.model);
  for (const OnnxFixtureEntry& entry : list_onnx_fixtures()) {
    if (entry.mode == OnnxFixtureEntry::Mode::skipped) continue;
    for (const OnnxFixture& fixture : load_onnx_fixture(entry)) {
      write(folder, fixture.name, fixture.model);
    }
  }
  return 0;
}
