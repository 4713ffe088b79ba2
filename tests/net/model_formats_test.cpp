// The forms in which the same network may come: weight types, opsets, IR versions.
#include <gtest/gtest.h>

#include <bit>
#include <cstring>

#include "engine/base/half.h"
#include "engine/net/reference.h"
#include "tests/support/accuracy.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

using onnx::TensorProto;

/// A 3x3 convolution of a picture with these weights.
net::Net convolution(TensorProto weights) {
  OnnxBuilder model;
  model.input("picture", {1, 3, -1, -1});
  model.initializer("weights", std::move(weights));
  set(model.node("Conv", {"picture", "weights"}, "result"), "pads", Integers{1, 1, 1, 1});
  model.output("result");
  return parse(model).build(6, 7);
}

/// Numbers that half precision holds exactly.
Floats half_weights() {
  Floats values = random_vector(2 * 3 * 3 * 3, 4);
  for (float& value : values) value = round_to_half(value);
  return values;
}

template <typename Stored, typename Convert>
std::string raw(const Floats& values, const Convert& convert) {
  std::string bytes;
  for (const float value : values) {
    const Stored stored = convert(value);
    bytes.append(reinterpret_cast<const char*>(&stored), sizeof(stored));
  }
  return bytes;
}

TEST(ModelFormats, WeightsOfEveryStoredForm) {
  const Integers shape{2, 3, 3, 3};
  const Floats values = half_weights();
  const auto same = [](auto value) { return value; };
  std::vector<TensorProto> forms;
  const auto add = [&](TensorProto::DataType type) -> TensorProto& {
    forms.push_back(float_tensor(shape, {}));
    forms.back().set_data_type(type);
    return forms.back();
  };
  add(TensorProto::FLOAT).set_raw_data(raw<float>(values, same));
  add(TensorProto::DOUBLE).set_raw_data(raw<double>(values, same));
  add(TensorProto::DOUBLE).mutable_double_data()->Assign(values.begin(), values.end());
  add(TensorProto::FLOAT16).set_raw_data(raw<std::uint16_t>(values, half_from_float));
  TensorProto& halves = add(TensorProto::FLOAT16);
  for (const float value : values) halves.add_int32_data(half_from_float(value));
  const net::Net expected = convolution(float_tensor(shape, values));
  const net::Tensor picture = random_tensor(3, 6, 7, 1);
  for (const TensorProto& form : forms) {
    const net::Net net = convolution(form);
    EXPECT_EQ(net::check(net), "");
    EXPECT_EQ(net::evaluate(net, picture), net::evaluate(expected, picture))
        << form.ShortDebugString().substr(0, 40);
  }
}

TEST(ModelFormats, Bfloat16Weights) {
  const Integers shape{2, 3, 3, 3};
  Floats values = random_vector(2 * 3 * 3 * 3, 4);
  TensorProto stored = float_tensor(shape, {});
  stored.set_data_type(TensorProto::BFLOAT16);
  stored.set_raw_data(raw<std::uint16_t>(values, [](float value) {
    return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
  }));
  for (float& value : values) {
    value = std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) & 0xFFFF0000U);
  }
  const net::Tensor picture = random_tensor(3, 6, 7, 1);
  EXPECT_EQ(net::evaluate(convolution(stored), picture),
            net::evaluate(convolution(float_tensor(shape, values)), picture));
}

/// As exporters write half-precision networks: a half input and output, or Casts around them.
TEST(ModelFormats, HalfNetworks) {
  const Floats values = half_weights();
  TensorProto weights = float_tensor({2, 3, 3, 3}, {});
  weights.set_data_type(TensorProto::FLOAT16);
  weights.set_raw_data(raw<std::uint16_t>(values, half_from_float));
  const net::Tensor picture = random_tensor(3, 6, 7, 1);
  const net::Tensor expected =
      net::evaluate(convolution(float_tensor({2, 3, 3, 3}, values)), picture);
  for (const bool casts : {false, true}) {
    OnnxBuilder model;
    model.input("picture", {1, 3, -1, -1}, casts ? TensorProto::FLOAT : TensorProto::FLOAT16);
    model.initializer("weights", weights);
    std::string first = "picture";
    if (casts) {
      set(model.node("Cast", {"picture"}, "half"), "to", TensorProto::FLOAT16);
      first = "half";
    }
    set(model.node("Conv", {first, "weights"}, "result"), "pads", Integers{1, 1, 1, 1});
    if (casts) set(model.node("Cast", {"result"}, "wide"), "to", TensorProto::FLOAT);
    model.output(casts ? "wide" : "result");
    EXPECT_EQ(net::evaluate(parse(model).build(6, 7), picture), expected) << casts;
  }
}

/// One network, written as each opset asks for it: what is an attribute in one is an input in the
/// next.
OnnxBuilder network_of_opset(int opset) {
  OnnxBuilder model(opset);
  model.input("picture", {1, 4, -1, -1});
  if (opset >= 11) {
    model.node("Pad", {"picture", model.integers("pads", {0, 0, 2, 1, 0, 0, 2, 1})}, "padded");
    set(model.graph().mutable_node()->at(0), "mode", "reflect");
  } else {
    auto& pad = model.node("Pad", {"picture"}, "padded");
    set(pad, "mode", "reflect");
    set(pad, "pads", Integers{0, 0, 2, 1, 0, 0, 2, 1});
  }
  model.node("Conv",
             {"padded", model.floats("weights", {4, 4, 3, 3}, random_vector(4 * 4 * 9, 7)),
              model.floats("bias", {4}, {1, 2, 3, 4})},
             "conv");
  if (opset >= 11) {
    model.node("Clip", {"conv", model.floats("low", {}, {-1}), model.floats("high", {}, {2})},
               "clipped");
  } else {
    auto& clip = model.node("Clip", {"conv"}, "clipped");
    set(clip, "min", -1.0F);
    set(clip, "max", 2.0F);
  }
  const Floats scales{1, 1, 2, 2};
  if (opset < 9) {
    set(model.node("Upsample", {"clipped"}, "larger"), "scales", scales);
  } else {
    model.floats("scales", {4}, scales);
    auto& resize =
        opset < 11 ? model.node(opset == 9 ? "Upsample" : "Resize", {"clipped", "scales"}, "larger")
                   : model.node("Resize", {"clipped", "", "scales"}, "larger");
    if (opset >= 11) {
      set(resize, "coordinate_transformation_mode", "asymmetric");
      set(resize, "nearest_mode", "floor");
    }
  }
  if (opset >= 10) {
    model.node("Slice",
               {"larger", model.integers("begins", {1, 1}), model.integers("ends", {-1, 1 << 30}),
                model.integers("axes", {2, 3})},
               "cropped");
  } else {
    auto& slice = model.node("Slice", {"larger"}, "cropped");
    set(slice, "starts", Integers{1, 1});
    set(slice, "ends", Integers{-1, 1 << 30});
    set(slice, "axes", Integers{2, 3});
  }
  if (opset >= 13) {
    model.node("Split", {"cropped", model.integers("parts", {1, 3})}, "one").add_output("three");
  } else {
    auto& split = model.node("Split", {"cropped"}, "one");
    split.add_output("three");
    set(split, "split", Integers{1, 3});
  }
  set(model.graph().mutable_node()->at(model.graph().node_size() - 1), "axis", 1);
  if (opset >= 18) {
    model.node("ReduceMean", {"three", model.integers("plane", {2, 3})}, "mean");
  } else {
    set(model.node("ReduceMean", {"three"}, "mean"), "axes", Integers{2, 3});
  }
  if (opset >= 13) {
    model.node("Squeeze", {"mean", model.integers("ones", {2, 3})}, "flat");
    model.node("Unsqueeze", {"flat", "ones"}, "column");
  } else {
    set(model.node("Squeeze", {"mean"}, "flat"), "axes", Integers{2, 3});
    set(model.node("Unsqueeze", {"flat"}, "column"), "axes", Integers{2, 3});
  }
  model.node("Sub", {"three", "column"}, "centred");
  if (opset >= 12) {
    model.node("Dropout", {"centred", model.floats("ratio", {}, {0.5F})}, "kept");
  } else {
    set(model.node("Dropout", {"centred"}, "kept"), "ratio", 0.5F);
  }
  set(model.node("Concat", {"kept", "one"}, "result"), "axis", 1);
  model.output("result");
  return model;
}

TEST(ModelFormats, OpsetsMeanTheSame) {
  const net::Tensor picture = random_tensor(4, 6, 7, 1);
  const net::Tensor expected = net::evaluate(parse(network_of_opset(17)).build(6, 7), picture);
  EXPECT_EQ(expected.channels, 4);
  EXPECT_EQ(expected.height, 14);
  EXPECT_EQ(expected.width, 13);
  for (int opset = 7; opset <= 21; ++opset) {
    const net::Net net = parse(network_of_opset(opset)).build(6, 7);
    EXPECT_EQ(net::check(net), "") << opset;
    EXPECT_EQ(net::evaluate(net, picture), expected) << opset;
  }
}

/// IR 3 lists initializers among the inputs.
TEST(ModelFormats, InitializersListedAsInputs) {
  OnnxBuilder model = network_of_opset(8);
  model.proto().set_ir_version(3);
  const onnx::GraphProto graph = model.graph();
  model.graph().clear_input();
  for (const TensorProto& tensor : graph.initializer()) {
    model.input(tensor.name(), Integers(tensor.dims().begin(), tensor.dims().end()));
  }
  model.input("picture", {1, 4, -1, -1});
  const net::Tensor picture = random_tensor(4, 6, 7, 1);
  EXPECT_EQ(net::evaluate(parse(model).build(6, 7), picture),
            net::evaluate(parse(network_of_opset(8)).build(6, 7), picture));
}

TEST(ModelFormats, ConstantNodesAreInitializers) {
  OnnxBuilder model;
  model.input("picture", {1, 3, -1, -1});
  set(model.node("Constant", {}, "weights"), "value", float_tensor({2, 3, 3, 3}, half_weights()));
  set(model.node("Constant", {}, "gain"), "value_float", 2.0F);
  set(model.node("Conv", {"picture", "weights"}, "conv"), "pads", Integers{1, 1, 1, 1});
  model.node("Div", {"conv", "gain"}, "result");
  model.output("result");
  const net::Tensor picture = random_tensor(3, 6, 7, 1);
  net::Tensor expected =
      net::evaluate(convolution(float_tensor({2, 3, 3, 3}, half_weights())), picture);
  for (double& value : expected.data) value /= 2;
  EXPECT_TRUE(compare(expected, net::evaluate(parse(model).build(6, 7), picture), exact_bound()));
}

/// TensorFlow's order of axes: exporters put a Transpose at each end.
TEST(ModelFormats, ChannelsLast) {
  OnnxBuilder model;
  model.input("picture", {1, -1, -1, 3});
  set(model.node("Transpose", {"picture"}, "planes"), "perm", Integers{0, 3, 1, 2});
  model.floats("weights", {3, 3, 3, 3}, random_vector(81, 4));
  set(model.node("Conv", {"planes", "weights"}, "conv"), "pads", Integers{1, 1, 1, 1});
  set(model.node("Transpose", {"conv"}, "result"), "perm", Integers{0, 2, 3, 1});
  model.output("result");
  const net::Net net = parse(model).build(6, 7);
  EXPECT_EQ(net.nodes.size(), 1U);
  const net::Tensor picture = random_tensor(3, 6, 7, 1);
  EXPECT_EQ(net::evaluate(net, picture),
            net::evaluate(convolution(float_tensor({3, 3, 3, 3}, random_vector(81, 4))), picture));
}

}  // namespace
}  // namespace impasto::test
