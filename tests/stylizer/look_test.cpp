// Edits of gamma and beta on the device: the same pictures as the float64 reference makes of a
// model whose file was edited, from the next frame on, without a rebuild; and none without an edit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "engine/net/reference.h"
#include "engine/stylizer.h"
#include "tests/session/rig.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/onnx_builder.h"

namespace impasto::test {
namespace {

constexpr int channels = 8;

Picture reference_picture(const net::Model& model, const std::vector<float>& style = {}) {
  const net::ModelInfo& info = model.info();
  return to_picture(
      net::evaluate(model.build(frame_height, frame_width), rgb_input(info.input_range), style),
      info.output_range.low, info.output_range.high);
}

Picture stylise(Stylizer& stylizer, const Look& look) {
  stylizer.set_look(look);
  stylizer.submit(rgb_frame(), rgb_format());
  return picture_of(*stylizer.receive());
}

Stylizer editable(net::Model model) {
  StylizerOptions options;
  options.layer_edits = true;
  return Stylizer(std::move(model), options);
}

std::vector<float> numbers(std::size_t count, float low, float high, int seed) {
  std::vector<float> result(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double part = std::fmod(0.618034 * static_cast<double>(i + 1) + 0.37 * seed, 1.0);
    result[i] = low + (high - low) * static_cast<float>(part);
  }
  return result;
}

/// The affine part of the norm under test.
struct Affine {
  std::vector<float> gamma = numbers(channels, 0.5F, 1.5F, 1);
  std::vector<float> beta = numbers(channels, -0.5F, 0.5F, 2);
};

LayerEdit test_edit() {
  LayerEdit edit;
  edit.gain = 1.5F;
  edit.offset = -0.3F;
  edit.channel_gamma = numbers(channels, -0.5F, 0.7F, 3);
  edit.channel_beta.assign(channels, 0.0F);
  edit.channel_beta[5] = 0.8F;
  return edit;
}

/// What an editor of the file would write.
Affine edited(Affine affine) {
  const LayerEdit edit = test_edit();
  for (std::size_t c = 0; c < channels; ++c) {
    affine.gamma[c] = 1.5F * affine.gamma[c] + edit.channel_gamma[c];
    affine.beta[c] += edit.channel_beta[c] - 0.3F;
  }
  return affine;
}

using AddNorm = std::function<void(OnnxBuilder&, const Affine&)>;  // "x" to "y", [1,8,H,W]

struct NormCase {
  std::string name;
  AddNorm add;
  bool affine = true;  ///< false: the unedited file has neither scale nor bias
};

const Affine neutral{std::vector<float>(channels, 1.0F), std::vector<float>(channels, 0.0F)};

void add_affine_nodes(OnnxBuilder& model, const Affine& affine, const std::string& from) {
  model.node("Mul", {from, model.floats("scale", {1, channels, 1, 1}, affine.gamma)}, "scaled");
  model.node("Add", {"scaled", model.floats("bias", {1, channels, 1, 1}, affine.beta)}, "y");
}

std::vector<NormCase> norm_cases() {
  const auto with_vectors = [](const char* op) {
    return [op](OnnxBuilder& model, const Affine& affine) {
      onnx::NodeProto& node = model.node(op,
                                         {"x", model.floats("scale", {channels}, affine.gamma),
                                          model.floats("bias", {channels}, affine.beta)},
                                         "y");
      if (std::string(op) == "GroupNormalization") set(node, "num_groups", 4);
      if (std::string(op) == "BatchNormalization") {
        *node.add_input() = model.floats("mean", {channels}, numbers(channels, -30, 40, 4));
        *node.add_input() = model.floats("variance", {channels}, numbers(channels, 300, 900, 5));
      }
    };
  };
  const auto handwritten = [](OnnxBuilder& model, const Affine& affine) {
    for (const auto& [from, to] : {std::pair{"x", "mean"}, std::pair{"square", "variance"}}) {
      if (std::string(to) == "variance") {
        model.node("Sub", {"x", "mean"}, "centred");
        model.node("Mul", {"centred", "centred"}, "square");
      }
      set(model.node("ReduceMean", {from}, to), "axes", Integers{2, 3});
    }
    model.node("Add", {"variance", model.floats("epsilon", {}, {1e-5F})}, "sum");
    model.node("Sqrt", {"sum"}, "deviation");
    model.node("Div", {"centred", "deviation"}, "normal");
    if (affine.gamma == neutral.gamma) {
      model.node("Identity", {"normal"}, "y");
    } else {
      add_affine_nodes(model, affine, "normal");
    }
  };
  return {{"instance", with_vectors("InstanceNormalization")},
          {"group", with_vectors("GroupNormalization")},
          {"batch", with_vectors("BatchNormalization")},
          {"handwritten", handwritten, false}};
}

/// Convolution, the norm, Relu, convolution, in 0..255.
net::Model small_model(const NormCase& test, const Affine& affine) {
  OnnxBuilder model(test.name == "group" ? 21 : 17);
  model.input("image", {1, 3, -1, -1});
  model.node("Conv",
             {"image", model.floats("w0", {channels, 3, 3, 3}, numbers(channels * 27, -1, 1, 6))},
             "x");
  test.add(model, affine);
  model.node("Relu", {"y"}, "positive");
  set(model.node(
          "Conv",
          {"positive", model.floats("w1", {3, channels, 3, 3}, numbers(3 * channels * 9, -6, 6, 7)),
           model.floats("b1", {3}, {120, 128, 140})},
          "picture"),
      "pads", Integers{2, 2, 2, 2});
  model.output("picture");
  return parse(model);
}

class EditedNorm : public testing::TestWithParam<NormCase> {};

TEST_P(EditedNorm, IsTheEditedFile) {
  const Affine affine = GetParam().affine ? Affine{} : neutral;
  Stylizer stylizer = editable(small_model(GetParam(), affine));
  const Picture before = stylise(stylizer, {});
  EXPECT_TRUE(agrees_in_float(reference_picture(small_model(GetParam(), affine)), before));
  Look look;
  net::editable_layers(look, 1)[0] = test_edit();
  const Picture after = stylise(stylizer, look);
  EXPECT_TRUE(agrees_in_float(reference_picture(small_model(GetParam(), edited(affine))), after));
  EXPECT_GT(difference(before, after).largest, 10);
  EXPECT_EQ(stylise(stylizer, {}).codes, before.codes) << "reset";
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

INSTANTIATE_TEST_SUITE_P(Kinds, EditedNorm, testing::ValuesIn(norm_cases()),
                         [](const auto& test) { return test.param.name; });

TEST(EditedLook, WithoutEditsNoBitChanges) {
  const auto load = [] { return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx"); };
  Stylizer plain(load(), {});
  Stylizer stylizer = editable(load());
  Look look = stylizer.look();
  const Picture expected = stylise(plain, look);
  EXPECT_EQ(stylise(stylizer, look).codes, expected.codes);
  net::editable_layers(look, net::LayerTable(load()).size());
  EXPECT_EQ(stylise(stylizer, look).codes, expected.codes);
}

TEST(EditedLook, ANormWithoutParametersGivesTheSameBitsWithLiveOnes) {
  net::Net bare = small_model(norm_cases()[3], neutral).build(frame_height, frame_width);
  for (net::Node& node : bare.nodes) {
    if (auto* norm = std::get_if<net::Norm>(&node.op)) norm->gamma = norm->beta = net::none;
  }
  net::Net live = bare;
  net::make_norms_live(live);
  const net::Tensor input = rgb_input({0, 255});
  for (const graph::CompileOptions& options : storage_variants()) {
    EXPECT_EQ(run_network(bare, options, input).result.data,
              run_network(live, options, input).result.data)
        << describe(options);
  }
}

/// A style, every layer edited in its own way, one following another style.
TEST(EditedLook, APackIsEditedOnTopOfItsStyle) {
  const net::Model model = net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
  const net::LayerTable table(model);
  Look look = default_look(model.info());
  std::vector<float> other(look.style.size(), 0.0F);
  other[4] = 1;
  net::Net net = model.build(frame_height, frame_width);
  const auto own = net::evaluate_parameters(net, look.style);
  const auto others = net::evaluate_parameters(net, other);
  for (std::size_t p = 0; p < net.parameters.size(); ++p) {
    net.parameters[p] = {net.parameters[p].name, own[p], nullptr};
  }
  std::vector<LayerEdit>& edits = net::editable_layers(look, table.size());
  const auto layers = net::norm_layers(net);
  for (std::size_t i = 0; i < edits.size(); ++i) {
    edits[i].gain = 0.8F + 0.05F * static_cast<float>(i);
    edits[i].offset = i % 2 == 0 ? 0.1F : -0.1F;
    if (i == 2) edits[i].style = other;
    std::vector<float>& gamma = net.parameters[static_cast<std::size_t>(layers[i].gamma)].value;
    std::vector<float>& beta = net.parameters[static_cast<std::size_t>(layers[i].beta)].value;
    if (i == 2) {
      gamma = others[static_cast<std::size_t>(layers[i].gamma)];
      beta = others[static_cast<std::size_t>(layers[i].beta)];
    }
    for (float& value : gamma) value *= edits[i].gain;
    for (float& value : beta) value += edits[i].offset;
  }
  const Picture expected =
      to_picture(net::evaluate(net, rgb_input(model.info().input_range)),
                 model.info().output_range.low, model.info().output_range.high);
  Stylizer stylizer = editable(net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx"));
  EXPECT_TRUE(agrees_in_float(expected, stylise(stylizer, look)));
}

/// Candy's scales and biases are constants of the file: a copy of it with other ones.
TEST(EditedLook, CandyIsItsEditedFile) {
  const std::filesystem::path path = IMPASTO_SOURCE_DIR "/../shared/models/candy.onnx";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  onnx::ModelProto proto;
  std::ifstream file(path, std::ios::binary);
  ASSERT_TRUE(proto.ParseFromIstream(&file));
  const auto values = [&](const std::string& name) -> std::vector<float> {
    for (onnx::TensorProto& tensor : *proto.mutable_graph()->mutable_initializer()) {
      if (tensor.name() != name) continue;
      if (tensor.float_data_size() > 0)
        return {tensor.float_data().begin(), tensor.float_data().end()};
      std::vector<float> result(tensor.raw_data().size() / sizeof(float));
      std::memcpy(result.data(), tensor.raw_data().data(), tensor.raw_data().size());
      return result;
    }
    return {};
  };
  const auto replace = [&](const std::string& name, const std::vector<float>& numbers) {
    for (onnx::TensorProto& tensor : *proto.mutable_graph()->mutable_initializer()) {
      if (tensor.name() != name) continue;
      tensor.clear_float_data();
      tensor.set_raw_data(numbers.data(), numbers.size() * sizeof(float));
    }
  };
  Look look;
  for (const onnx::NodeProto& node : proto.graph().node()) {
    if (node.op_type() != "InstanceNormalization") continue;
    const std::size_t layer = look.layers.size();
    LayerEdit& edit = look.layers.emplace_back();
    edit.gain = layer % 3 == 0 ? 1.25F : 0.9F;
    edit.offset = 0.02F * static_cast<float>(layer) - 0.1F;
    std::vector<float> gamma = values(node.input(1));
    std::vector<float> beta = values(node.input(2));
    ASSERT_FALSE(gamma.empty() || beta.empty());
    edit.channel_gamma.assign(gamma.size(), 0.0F);
    edit.channel_gamma[layer] = 0.5F;
    for (float& value : gamma) value *= edit.gain;
    gamma[layer] += 0.5F;
    for (float& value : beta) value += edit.offset;
    replace(node.input(1), gamma);
    replace(node.input(2), beta);
  }
  ASSERT_EQ(look.layers.size(), 15U);
  Stylizer stylizer = editable(net::Model::load(path));
  const Picture before = stylise(stylizer, {});
  const Picture after = stylise(stylizer, look);
  EXPECT_TRUE(agrees_in_float(reference_picture(parse(OnnxBuilder(proto))), after));
  EXPECT_GT(difference(before, after).largest, 10);
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

}  // namespace
}  // namespace impasto::test
