#include "engine/session/features.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <iterator>

#include "engine/base/half.h"
#include "shaders/abi.h"

namespace impasto::session {
namespace {

float float_at(std::span<const std::byte> bytes, std::uint64_t offset) {
  float value = 0;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

/// Lane `channel % 4` of word `word` of the channel's plane, `words` to a plane.
float lane(std::span<const std::byte> bytes, std::uint64_t table, int channel, int words,
           int word) {
  return float_at(bytes, table + (static_cast<std::uint64_t>(channel / 4) * words + word) * 16 +
                             static_cast<std::uint64_t>(channel % 4) * sizeof(float));
}

float tile_value(const graph::FeatureGraph& graph, std::span<const std::byte> bytes,
                 std::uint64_t index) {
  if (!graph.half) return float_at(bytes, graph.tiles + index * sizeof(float));
  std::uint16_t bits = 0;
  std::memcpy(&bits, bytes.data() + graph.tiles + index * sizeof bits, sizeof bits);
  return float_from_half(bits);
}

struct Moments {
  double count = 0;
  double mean = 0;
  double m2 = 0;
};

Moments merge(const Moments& a, const Moments& b) {
  if (b.count == 0) return a;
  const double count = a.count + b.count;
  const double delta = b.mean - a.mean;
  return {count, a.mean + delta * b.count / count,
          a.m2 + b.m2 + delta * delta * a.count * b.count / count};
}

Moments moments_of(const graph::FeatureGraph& graph, std::span<const std::byte> bytes,
                   int channel) {
  const int words = graph.records * abi::PARTIAL_WORDS;
  Moments total;
  for (int record = 0; record < graph.records; ++record) {
    const auto word = [&](int number) {
      return static_cast<double>(
          lane(bytes, graph.partials, channel, words, record * abi::PARTIAL_WORDS + number));
    };
    const double count =
        float_at(bytes, graph.partials + (static_cast<std::uint64_t>(channel / 4) * words +
                                          record * abi::PARTIAL_WORDS + 3) *
                                             16);
    total = merge(total, {count, word(0) + word(1), word(2)});
  }
  return total;
}

/// What the norm table makes of what is in the view.
void add_normalized(const graph::FeatureGraph& graph, std::span<const std::byte> bytes,
                    FeatureView& view) {
  const std::size_t pixels = static_cast<std::size_t>(view.height) * view.width;
  view.after.reserve(view.before.size());
  for (int channel = 0; channel < view.channels; ++channel) {
    const auto table = [&](int word) {
      return static_cast<double>(
          lane(bytes, *graph.norm_table, channel, abi::NORM_TABLE_WORDS, word));
    };
    const double scale = table(2);
    const auto normalized = [&](float value) {
      return static_cast<float>(((static_cast<double>(value) - table(0)) - table(1)) * scale +
                                table(3));
    };
    const auto first = view.before.begin() + static_cast<std::ptrdiff_t>(channel * pixels);
    std::transform(first, first + static_cast<std::ptrdiff_t>(pixels),
                   std::back_inserter(view.after), normalized);
    const ChannelStatistics& before = view.statistics_before[static_cast<std::size_t>(channel)];
    view.statistics_after.push_back(
        {normalized(before.mean),
         static_cast<float>(std::abs(scale) * static_cast<double>(before.deviation))});
  }
}

}  // namespace

FeatureView read_features(const graph::FeatureGraph& graph, std::span<const std::byte> bytes,
                          std::int64_t pts) {
  FeatureView view;
  view.layer = graph.layer;
  view.normalized = graph.norm_table.has_value();
  view.activated = graph.activated;
  view.pts = pts;
  view.channels = graph.channels;
  view.height = graph.height;
  view.width = graph.width;
  view.layer_height = graph.layer_height;
  view.layer_width = graph.layer_width;
  const auto pixels = static_cast<std::uint64_t>(graph.height) * graph.width;
  view.before.reserve(pixels * graph.channels);
  for (int channel = 0; channel < graph.channels; ++channel) {
    for (std::uint64_t i = 0; i < pixels; ++i) {
      view.before.push_back(tile_value(
          graph, bytes, (static_cast<std::uint64_t>(channel / 4) * pixels + i) * 4 + channel % 4));
    }
    const Moments moments = moments_of(graph, bytes, channel);
    view.statistics_before.push_back(
        {static_cast<float>(moments.mean),
         static_cast<float>(std::sqrt(moments.m2 / std::max(moments.count, 1.0)))});
  }
  if (view.normalized) add_normalized(graph, bytes, view);
  return view;
}

std::vector<std::uint8_t> gray_tile(const std::vector<float>& tiles, int height, int width,
                                    std::size_t channel, float middle, float reach) {
  const auto pixels = static_cast<std::size_t>(height) * static_cast<std::size_t>(width);
  std::vector<std::uint8_t> codes(pixels);
  for (std::size_t i = 0; i < pixels; ++i) {
    const float step = reach > 0 ? (tiles[channel * pixels + i] - middle) / reach : 0;
    codes[i] = static_cast<std::uint8_t>(std::lround(128 + 127 * std::clamp(step, -1.0F, 1.0F)));
  }
  return codes;
}

}  // namespace impasto::session
