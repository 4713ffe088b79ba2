// Looks: the algebra of edits, interpolation, and norm layers with live parameters.
#include "engine/net/look.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/support/net_builder.h"

namespace impasto::test {
namespace {

using net::LayerEdit;
using net::Look;
using testing::ElementsAre;
using testing::FloatEq;
using testing::Pointwise;

net::Model live_model() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

/// Input, a norm with these parameters, and another that shares them.
net::Net two_norms(bool with_parameters) {
  NetBuilder builder({3, 4, 5});
  net::Norm norm;
  if (with_parameters) {
    norm.gamma = builder.parameter({2, 3, -1});
    norm.beta = builder.parameter({0.5F, 0, -0.5F});
  }
  const net::ValueId first = builder.add(norm, {builder.input()}, {3, 4, 5});
  builder.add(norm, {first}, {3, 4, 5});
  return builder.build();
}

Look edited() {
  Look look;
  look.layers.resize(2);
  look.layers[0] = {
      .gain = 1.5F, .offset = 0.25F, .channel_gamma = {0, 1, 0}, .channel_beta = {}, .style = {}};
  look.layers[1] = {
      .gain = 1, .offset = 0, .channel_gamma = {}, .channel_beta = {1, 0, 2}, .style = {}};
  return look;
}

TEST(Look, EditsAreGainDeltaAndOffset) {
  net::Net net = two_norms(true);
  net::make_norms_live(net);
  ASSERT_EQ(net::check(net), "");
  const auto layers = net::norm_layers(net);
  const auto values = net::evaluate_parameters(net, layers, edited());
  const auto of = [&](net::ParameterId id) { return values[static_cast<std::size_t>(id)]; };
  EXPECT_THAT(of(layers[0].gamma), ElementsAre(3, 5.5F, -1.5F));
  EXPECT_THAT(of(layers[0].beta), ElementsAre(0.75F, 0.25F, -0.25F));
  EXPECT_THAT(of(layers[1].gamma), ElementsAre(2, 3, -1));
  EXPECT_THAT(of(layers[1].beta), ElementsAre(1.5F, 0, 1.5F));
}

TEST(Look, EveryNormGetsParametersOfItsOwn) {
  for (const bool with_parameters : {false, true}) {
    net::Net net = two_norms(with_parameters);
    net::make_norms_live(net);
    std::set<net::ParameterId> ids;
    for (const net::NormLayer& layer : net::norm_layers(net)) {
      ids.insert(layer.gamma);
      ids.insert(layer.beta);
    }
    EXPECT_EQ(ids.size(), 4U);
    EXPECT_FALSE(ids.contains(net::none));
    ASSERT_EQ(net::check(net), "");
    if (with_parameters) continue;
    EXPECT_THAT(net.parameters[0].value, ElementsAre(1, 1, 1));
    EXPECT_THAT(net.parameters[1].value, ElementsAre(0, 0, 0));
  }
}

TEST(Look, LayerNamesAreUnique) {
  net::Net net = two_norms(true);
  net.nodes[1].name = net.nodes[0].name = "norm";
  const auto layers = net::norm_layers(net);
  EXPECT_EQ(layers[0].name, "norm");
  EXPECT_EQ(layers[1].name, "norm#2");
}

TEST(Look, WithoutEditsEveryBitIsTheStyles) {
  const net::Model model = live_model();
  const net::Net net = model.build(48, 64);
  Look look;
  look.style.assign(model.info().styles.size(), 0.0F);
  look.style[2] = 0.7F;
  look.style[3] = 0.3F;
  const auto expected = net::evaluate_parameters(net, look.style);
  const auto layers = net::norm_layers(net);
  EXPECT_EQ(net::evaluate_parameters(net, layers, look), expected);
  look.layers.resize(layers.size());
  EXPECT_EQ(net::evaluate_parameters(net, layers, look), expected);
}

TEST(Look, TheLayerTableIsTheNetsAtEverySize) {
  const net::Model model = live_model();
  const net::LayerTable table(model);
  const net::Net net = model.build(72, 40, net::BatchNorms::live);
  const auto layers = net::norm_layers(net);
  ASSERT_EQ(layers.size(), table.size());
  Look look;
  look.style.assign(model.info().styles.size(), 0.0F);
  look.style[5] = 1;
  net::editable_layers(look, table.size())[3].gain = 0.5F;
  look.layers[4].style.assign(look.style.size(), 0.0F);
  look.layers[4].style[7] = 1;
  const auto values = net::evaluate_parameters(net, layers, look);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    EXPECT_EQ(layers[i].name, table.layers()[i].name);
    EXPECT_EQ(layers[i].channels, table.layers()[i].channels);
    const net::LayerValues of_table = table.of_look(i, look);
    EXPECT_EQ(of_table.gamma, values[static_cast<std::size_t>(layers[i].gamma)]) << i;
    EXPECT_EQ(of_table.beta, values[static_cast<std::size_t>(layers[i].beta)]) << i;
  }
  // A layer copied from a style has that style's values.
  const net::LayerValues of_style = table.of_style(4, look.layers[4].style);
  EXPECT_EQ(table.of_look(4, look).gamma, of_style.gamma);
  EXPECT_NE(table.of_style(4, look.style).gamma, of_style.gamma);
}

TEST(Look, InterpolationIsLinearInWhatTheNetworkGets) {
  net::Net net = two_norms(true);
  net::make_norms_live(net);
  const auto layers = net::norm_layers(net);
  const Look a;
  Look b = edited();
  b.strength = 0;
  b.keep_colors = 1;
  const auto from = net::evaluate_parameters(net, layers, a);
  const auto to = net::evaluate_parameters(net, layers, b);
  const Look middle = net::interpolate(a, b, 0.25F);
  EXPECT_FLOAT_EQ(middle.strength, 0.75F);
  EXPECT_FLOAT_EQ(middle.keep_colors, 0.25F);
  const auto values = net::evaluate_parameters(net, layers, middle);
  for (std::size_t p = 0; p < values.size(); ++p) {
    for (std::size_t c = 0; c < values[p].size(); ++c) {
      EXPECT_FLOAT_EQ(values[p][c], from[p][c] + 0.25F * (to[p][c] - from[p][c])) << p;
    }
  }
  EXPECT_EQ(net::interpolate(a, b, 0), a);
  EXPECT_EQ(net::interpolate(a, b, 1), b);
}

TEST(Look, ALayerLeavesItsOwnStyleForTheOthers) {
  Look a;
  a.style = {1, 0, 0};
  Look b;
  b.style = {0, 1, 0};
  net::editable_layers(b, 1)[0].style = {0, 0, 1};
  const Look middle = net::interpolate(a, b, 0.5F);
  EXPECT_THAT(middle.style, ElementsAre(0.5F, 0.5F, 0));
  ASSERT_EQ(middle.layers.size(), 1U);
  EXPECT_THAT(middle.layers[0].style, ElementsAre(0.5F, 0, 0.5F));
}

TEST(Look, TidyKeepsWhatMatters) {
  Look look;
  look.layers.resize(2);
  look.layers[1].channel_beta = {0, 0};
  net::tidy(look);
  EXPECT_EQ(look, Look{});
  look = edited();
  Look same = look;
  same.layers[0].channel_beta = {0, 0, 0};
  net::tidy(same);
  EXPECT_EQ(same, look);
}

}  // namespace
}  // namespace impasto::test
