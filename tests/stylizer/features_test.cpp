// The feature view: every layer of whole networks against the float64 reference, frames that do not
// change by it, layers switched while frames are in flight.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <set>
#include <thread>

#include "engine/net/reference.h"
#include "engine/stylizer.h"
#include "tests/stylizer/rgb_frames.h"
#include "tests/support/onnx_builder.h"

namespace impasto::test {
namespace {

/// Frames until one comes with the view: kernels are compiled beside them.
FeatureView view_of(Stylizer& stylizer, std::size_t layer, int tile_side) {
  stylizer.watch_layer(layer, tile_side);
  for (int i = 0; i < 5000; ++i) {
    stylizer.submit(rgb_frame(i), rgb_format());
    stylizer.receive();
    if (std::optional<FeatureView> view = stylizer.take_features()) {
      EXPECT_TRUE(view->absorbed || view->pts == i);
      return *view;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ADD_FAILURE() << "no view came";
  return {};
}

struct Expected {
  std::vector<double> tiles;
  double mean = 0;
  double deviation = 0;
};

Expected expected_of(const net::Tensor& tensor, int channel, const FeatureView& view) {
  Expected result;
  double sum = 0;
  const int box = (std::max(tensor.height, tensor.width) + view.width - 1) / view.width;
  for (int y = 0; y < view.height; ++y) {
    for (int x = 0; x < view.width; ++x) {
      double total = 0;
      int count = 0;
      for (int row = y * box; row < std::min((y + 1) * box, tensor.height); ++row) {
        for (int column = x * box; column < std::min((x + 1) * box, tensor.width); ++column) {
          total += tensor.at(channel, row, column);
          ++count;
        }
      }
      result.tiles.push_back(total / count);
      sum += total;
    }
  }
  const double pixels = static_cast<double>(tensor.height) * tensor.width;
  result.mean = sum / pixels;
  double squares = 0;
  for (int y = 0; y < tensor.height; ++y) {
    for (int x = 0; x < tensor.width; ++x) {
      squares += std::pow(tensor.at(channel, y, x) - result.mean, 2);
    }
  }
  result.deviation = std::sqrt(squares / pixels);
  return result;
}

void expect_layer(const net::Tensor& tensor, const FeatureView& view,
                  const std::vector<float>& tiles, const std::vector<ChannelStatistics>& statistics,
                  const std::string& name, double tolerance) {
  ASSERT_EQ(view.channels, tensor.channels);
  ASSERT_EQ(view.layer_height, tensor.height);
  ASSERT_EQ(view.layer_width, tensor.width);
  double rms = 0;
  for (const double value : tensor.data) rms += value * value;
  rms = std::sqrt(rms / static_cast<double>(tensor.data.size()));
  const double bound = tolerance * rms;
  for (int c = 0; c < tensor.channels; ++c) {
    const Expected expected = expected_of(tensor, c, view);
    const auto channel = static_cast<std::size_t>(c);
    ASSERT_NEAR(statistics[channel].mean, expected.mean, bound) << name << " channel " << c;
    ASSERT_NEAR(statistics[channel].deviation, expected.deviation, bound) << name << c;
    for (std::size_t i = 0; i < expected.tiles.size(); ++i) {
      ASSERT_NEAR(tiles[channel * expected.tiles.size() + i], expected.tiles[i],
                  bound + tolerance * std::abs(expected.tiles[i]))
          << name << " channel " << c << " pixel " << i;
    }
  }
}

/// The value that a layer's view shows: a norm's input, the output of the activation that the layer
/// absorbed, or its own.
net::ValueId shown_value(const net::Net& net, const net::FeatureLayer& layer,
                         const FeatureView& view) {
  const net::Node& node = net.nodes[layer.node];
  if (layer.normalizes) return node.inputs[0];
  if (!view.activated) return node.output;
  for (const net::Node& reader : net.nodes) {
    if (reader.inputs[0] == node.output) {
      EXPECT_TRUE(std::holds_alternative<net::Activation>(reader.op)) << reader.name;
      return reader.output;
    }
  }
  ADD_FAILURE() << layer.name << " has no activation";
  return node.output;
}

/// Every layer as the reference computes it.
void expect_views(net::Model model, const Look& look, int tile_side,
                  const std::set<std::string>& may_be_absorbed = {}) {
  const net::Net net = model.build(frame_height, frame_width);
  const auto layers = net::feature_layers(net);
  const net::Tensor input = rgb_input(model.info().input_range);
  const auto values = net::evaluate_all(net, input, look.style);
  StylizerOptions options;
  options.layer_edits = true;
  Stylizer stylizer(std::move(model), options);
  stylizer.set_look(look);
  std::size_t norms = 0;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const FeatureView view = view_of(stylizer, i, tile_side);
    const net::Node& node = net.nodes[layers[i].node];
    ASSERT_EQ(view.layer, i);
    if (view.absorbed) {
      EXPECT_TRUE(may_be_absorbed.contains(layers[i].name)) << layers[i].name;
      continue;
    }
    ASSERT_EQ(view.normalized, layers[i].normalizes);
    if (layers[i].normalizes) ++norms;
    // What each norm and the convolution before it may be off by adds up along the network.
    const double tolerance = 1e-5 * static_cast<double>(norms + (layers[i].normalizes ? 0 : 1));
    ASSERT_LE(std::max(view.height, view.width), tile_side);
    expect_layer(values[static_cast<std::size_t>(shown_value(net, layers[i], view))], view,
                 view.before, view.statistics_before, layers[i].name + " before", tolerance);
    if (!view.normalized) {
      ASSERT_TRUE(view.after.empty() && view.statistics_after.empty());
      continue;
    }
    expect_layer(values[static_cast<std::size_t>(node.output)], view, view.after,
                 view.statistics_after, layers[i].name + " after", tolerance);
  }
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

net::Model live() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

TEST(Features, OfEveryLayerOfThePack) {
  // A matrix of the picture's colours, a sum inside another one, a store as blocks of pixels.
  expect_views(live(), default_look(live().info()), 16, {"luma", "lit", "last"});
}

TEST(Features, OfGroupsAndStoredStatistics) {
  OnnxBuilder model(21);
  const auto numbers = [](std::size_t count, float low, float high) {
    Floats result(count);
    for (std::size_t i = 0; i < count; ++i) {
      result[i] = low + (high - low) *
                            static_cast<float>(std::fmod(0.618 * static_cast<double>(i + 1), 1.0));
    }
    return result;
  };
  model.input("image", {1, 3, -1, -1});
  model.node("Conv", {"image", model.floats("w0", {6, 3, 3, 3}, numbers(162, -1, 1))}, "x");
  set(model.node("GroupNormalization",
                 {"x", model.floats("g0", {6}, numbers(6, 0.5F, 2)),
                  model.floats("b0", {6}, numbers(6, -1, 1))},
                 "grouped"),
      "num_groups", 2);
  model.node("BatchNormalization",
             {"grouped", model.floats("g1", {6}, numbers(6, -1, 2)),
              model.floats("b1", {6}, numbers(6, -1, 1)), model.floats("m", {6}, numbers(6, -1, 1)),
              model.floats("v", {6}, numbers(6, 0.5F, 2))},
             "normal");
  set(model.node("Conv", {"normal", model.floats("w1", {3, 6, 3, 3}, numbers(162, -9, 9))}, "y"),
      "pads", Integers{2, 2, 2, 2});
  model.output("y");
  expect_views(parse(model), {}, 8);
}

TEST(Features, OfHalves) {
  const net::Model model = live();
  const net::Net net = model.build(frame_height, frame_width);
  StylizerOptions options;
  options.precision = graph::Precision::fp16;
  Stylizer stylizer(live(), options);
  // What the second convolution writes is the first that is stored in halves.
  const std::vector<net::FeatureLayer> layers = net::feature_layers(net);
  const auto second = std::find_if(layers.begin(), layers.end(), [&](const auto& layer) {
    return layer.node == net::norm_layers(net)[1].node;
  });
  const FeatureView view = view_of(stylizer, static_cast<std::size_t>(second - layers.begin()), 16);
  const net::Tensor input = rgb_input(model.info().input_range);
  const auto values = net::evaluate_all(net, input, stylizer.look().style);
  const net::Node& node = net.nodes[second->node];
  expect_layer(values[static_cast<std::size_t>(node.inputs[0])], view, view.before,
               view.statistics_before, "halves", std::ldexp(1.0, -10));
}

TEST(Features, FramesStayAsTheyAre) {
  Stylizer stylizer(live(), {});
  stylizer.time_passes(true);
  stylizer.submit(rgb_frame(0), rgb_format());
  const auto before = picture_of(*stylizer.receive()).codes;
  const std::uint64_t memory = stylizer.stats().allocated_bytes;
  EXPECT_FALSE(stylizer.take_features().has_value());
  const std::size_t passes = stylizer.pass_times().size();
  view_of(stylizer, 1, 32);
  stylizer.submit(rgb_frame(0), rgb_format());
  EXPECT_EQ(picture_of(*stylizer.receive()).codes, before);
  EXPECT_TRUE(stylizer.take_features().has_value());
  EXPECT_FALSE(stylizer.take_features().has_value()) << "once";
  EXPECT_GT(stylizer.pass_times().size(), passes);
  EXPECT_LT(stylizer.stats().allocated_bytes, memory + (std::uint64_t{1} << 20));
  stylizer.watch_layer(std::nullopt);
  for (int slot = 0; slot < 2; ++slot) {
    stylizer.submit(rgb_frame(0), rgb_format());
    EXPECT_EQ(picture_of(*stylizer.receive()).codes, before);
    EXPECT_FALSE(stylizer.take_features().has_value());
  }
  EXPECT_EQ(stylizer.stats().allocated_bytes, memory);
  EXPECT_EQ(stylizer.pass_times().size(), passes);
}

TEST(Features, LayersSwitchBetweenFramesInFlight) {
  Stylizer stylizer(live(), {});
  stylizer.submit(rgb_frame(0), rgb_format());
  const auto expected = picture_of(*stylizer.receive()).codes;
  const net::LayerTable table(live());
  const std::size_t last = table.feature_layers().size() - 1;
  for (const std::size_t layer : {std::size_t{0}, last}) view_of(stylizer, layer, 16);  // compiled
  int views = 0;
  for (std::int64_t pts = 0; pts < 60; ++pts) {
    const std::size_t layer = pts / 6 % 2 == 0 ? 0 : last;
    if (pts % 6 == 0) stylizer.watch_layer(layer, 16);
    if (stylizer.full()) {
      EXPECT_EQ(picture_of(*stylizer.receive()).codes, expected);
      if (const auto view = stylizer.take_features()) {
        ++views;
        EXPECT_EQ(view->layer, layer) << "none of the layer before";
        EXPECT_EQ(view->channels, table.feature_layers()[layer].channels);
      }
    }
    stylizer.submit(rgb_frame(pts), rgb_format());
  }
  while (stylizer.receive()) {
  }
  EXPECT_GT(views, 0);
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

TEST(Features, GrayTiles) {
  const std::vector<float> tiles{0, 0, 1, 3, -1, 9};
  EXPECT_THAT(session::gray_tile(tiles, 1, 2, 1, 2, 1), testing::ElementsAre(1, 255));
  EXPECT_THAT(session::gray_tile(tiles, 1, 2, 2, 1, 4), testing::ElementsAre(65, 255));
  EXPECT_THAT(session::gray_tile(tiles, 1, 2, 0, 0, 0), testing::ElementsAre(128, 128));
}

}  // namespace
}  // namespace impasto::test
