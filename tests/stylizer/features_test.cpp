// The feature view: every norm layer of whole networks against the float64 reference, frames that
// do not change by it, layers switched while frames are in flight.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "engine/net/reference.h"
#include "engine/stylizer.h"
#include "engine/video/pixel_formats.h"
#include "tests/support/onnx_builder.h"

namespace impasto::test {
namespace {

constexpr int height = 40;
constexpr int width = 72;

video::FrameFormat rgb_format() {
  video::FrameFormat format;
  format.width = width;
  format.height = height;
  format.layout = *video::find_layout("rgb24");
  format.color.matrix = video::Matrix::identity;
  format.color.range = video::Range::full;
  return format;
}

int code_at(int c, int y, int x) {
  return 20 + (x * (3 + c) + y * (5 - c) + x * y / 7 + 40 * (x > 30 ? 1 : 0)) % 215;
}

video::Frame test_frame(std::int64_t pts) {
  const video::WritableFrame result = video::allocate_frame(rgb_format());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int c = 0; c < 3; ++c) {
        result.planes[0][result.frame.strides[0] * y + 3 * x + c] =
            static_cast<std::byte>(code_at(c, y, x));
      }
    }
  }
  video::Frame frame = result.frame;
  frame.pts = pts;
  return frame;
}

std::vector<std::byte> samples(const video::Frame& frame) {
  std::vector<std::byte> bytes;
  for (int y = 0; y < height; ++y) {
    const std::byte* row = frame.planes[0] + frame.strides[0] * y;
    bytes.insert(bytes.end(), row, row + 3 * width);
  }
  return bytes;
}

/// Frames until one comes with the view: kernels are compiled beside them.
FeatureView view_of(Stylizer& stylizer, std::size_t layer, int tile_side) {
  stylizer.watch_layer(layer, tile_side);
  for (int i = 0; i < 5000; ++i) {
    stylizer.submit(test_frame(i), rgb_format());
    stylizer.receive();
    if (std::optional<FeatureView> view = stylizer.take_features()) {
      EXPECT_EQ(view->pts, i);
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
                  const std::string& name, double tolerance = 2e-5) {
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

/// Every layer's input and output as the reference computes them.
void expect_views(net::Model model, const Look& look, int tile_side) {
  const net::Net net = model.build(height, width);
  const auto layers = net::norm_layers(net);
  net::Tensor input(3, height, width);
  const net::ValueRange range = model.info().input_range;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        input.at(c, y, x) =
            std::lerp(double{range.low}, double{range.high}, code_at(c, y, x) / 255.0);
      }
    }
  }
  const auto values = net::evaluate_all(net, input, look.style);
  StylizerOptions options;
  options.layer_edits = true;
  Stylizer stylizer(std::move(model), options);
  stylizer.set_look(look);
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const FeatureView view = view_of(stylizer, i, tile_side);
    const net::Node& node = net.nodes[layers[i].node];
    ASSERT_EQ(view.layer, i);
    ASSERT_LE(std::max(view.height, view.width), tile_side);
    expect_layer(values[static_cast<std::size_t>(node.inputs[0])], view, view.before,
                 view.statistics_before, layers[i].name + " before");
    expect_layer(values[static_cast<std::size_t>(node.output)], view, view.after,
                 view.statistics_after, layers[i].name + " after");
  }
  EXPECT_EQ(stylizer.stats().rebuilds, 1U);
}

net::Model live() {
  return net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
}

TEST(Features, OfEveryLayerOfThePack) {
  expect_views(live(), default_look(live().info()), 16);
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
  const net::Net net = model.build(height, width);
  StylizerOptions options;
  options.precision = graph::Precision::fp16;
  Stylizer stylizer(live(), options);
  const FeatureView view = view_of(stylizer, 0, 16);
  net::Tensor input(3, height, width);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) input.at(c, y, x) = code_at(c, y, x) / 255.0;
    }
  }
  const auto values = net::evaluate_all(net, input, stylizer.look().style, net::Rounding::half);
  const net::Node& node = net.nodes[net::norm_layers(net)[0].node];
  expect_layer(values[static_cast<std::size_t>(node.inputs[0])], view, view.before,
               view.statistics_before, "halves", std::ldexp(1.0, -10));
}

TEST(Features, FramesStayAsTheyAre) {
  Stylizer stylizer(live(), {});
  stylizer.submit(test_frame(0), rgb_format());
  const auto before = samples(*stylizer.receive());
  const std::uint64_t memory = stylizer.stats().allocated_bytes;
  EXPECT_FALSE(stylizer.take_features().has_value());
  const std::size_t passes = stylizer.pass_times().size();
  view_of(stylizer, 4, 32);
  stylizer.submit(test_frame(0), rgb_format());
  EXPECT_EQ(samples(*stylizer.receive()), before);
  EXPECT_TRUE(stylizer.take_features().has_value());
  EXPECT_FALSE(stylizer.take_features().has_value()) << "once";
  EXPECT_GT(stylizer.pass_times().size(), passes);
  EXPECT_LT(stylizer.stats().allocated_bytes, memory + (std::uint64_t{1} << 20));
  stylizer.watch_layer(std::nullopt);
  stylizer.submit(test_frame(0), rgb_format());
  EXPECT_EQ(samples(*stylizer.receive()), before);
  EXPECT_FALSE(stylizer.take_features().has_value());
  EXPECT_EQ(stylizer.pass_times().size(), passes);
}

TEST(Features, LayersSwitchBetweenFramesInFlight) {
  Stylizer stylizer(live(), {});
  stylizer.submit(test_frame(0), rgb_format());
  const auto expected = samples(*stylizer.receive());
  for (const std::size_t layer : {0, 3, 12}) view_of(stylizer, layer, 16);  // kernels are there
  int views = 0;
  for (std::int64_t pts = 0; pts < 60; ++pts) {
    if (pts % 3 == 0) stylizer.watch_layer(pts % 4 == 0 ? 12 : 0, 16);
    if (stylizer.full()) {
      EXPECT_EQ(samples(*stylizer.receive()), expected);
      const auto view = stylizer.take_features();
      if (!view) continue;
      ++views;
      EXPECT_EQ(view->channels, 16);
      EXPECT_TRUE(view->layer == 0 || view->layer == 12);
    }
    stylizer.submit(test_frame(pts), rgb_format());
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
