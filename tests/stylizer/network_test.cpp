// Whole networks as they are found in the world: the device against the float64 reference, fused
// and not, in both storage types, as 8-bit pictures.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <map>

#include "engine/net/model.h"
#include "engine/net/reference.h"
#include "tests/session/rig.h"
#include "tests/support/pictures.h"

namespace impasto::test {
namespace {

struct Case {
  std::string model;
  int height;
  int width;
};

std::string model_path(const std::string& name) {
  const bool shipped = name == "live" || name == "fine";
  const std::string folder = shipped ? "/app/styles/" : "/../shared/models/";
  return IMPASTO_SOURCE_DIR + folder + name + ".onnx";
}

int round_up(int size, int multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

double lattice_value(int x, int y, int seed) {
  std::uint32_t hash = static_cast<std::uint32_t>(x) * 0x9e3779b1U ^
                       static_cast<std::uint32_t>(y) * 0x85ebca77U ^
                       static_cast<std::uint32_t>(seed) * 0xc2b2ae3dU;
  hash = (hash ^ (hash >> 15)) * 0x2c1b3c6dU;
  hash = (hash ^ (hash >> 12)) * 0x297a2d39U;
  return static_cast<double>(hash ^ (hash >> 15)) / 4294967295.0 - 0.5;
}

/// Interpolated lattice noise of wavelength `size`, about -0.5..0.5.
double smooth_noise(double x, double y, double size, int seed) {
  const double u = x / size;
  const double v = y / size;
  const int column = static_cast<int>(u);
  const int row = static_cast<int>(v);
  const auto ease = [](double t) { return t * t * (3 - 2 * t); };
  const double right = ease(u - column);
  const double below = ease(v - row);
  const auto at = [&](int dx, int dy) { return lattice_value(column + dx, row + dy, seed); };
  return std::lerp(std::lerp(at(0, 0), at(1, 0), right), std::lerp(at(0, 1), at(1, 1), right),
                   below);
}

/// Noise whose octaves fall off as those of photographs do (amplitude over frequency), with an
/// edge and a dark corner, in the model's range.
net::Tensor test_picture(int height, int width, const net::ValueRange& range) {
  net::Tensor picture(3, height, width);
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        double value = x * 2 + y * 3 < 2 * width ? 0.6 : 0.4;
        for (int octave = 0; octave < 6; ++octave) {
          const double size = 96.0 / (1 << octave);
          // Shared between the colours but for a little: photographs are mostly gray.
          value += size / 96 *
                   (0.6 * smooth_noise(x, y, size, octave) +
                    0.25 * smooth_noise(x, y, size, octave + 10 * (c + 1)));
        }
        value = std::clamp(value * std::min(1.0, 0.02 * (x + y)), 0.0, 1.0);
        picture.at(c, y, x) = range.low + (range.high - range.low) * std::round(value * 255) / 255;
      }
    }
  }
  return picture;
}

struct Reference {
  net::Net net;
  net::Tensor input;
  std::vector<float> style;
  net::Tensor output;
  net::ValueRange range;
};

/// Computed once per model and size: it takes seconds.
const Reference& reference(const Case& test) {
  static std::map<std::string, Reference> known;
  Reference& entry = known[test.model + std::to_string(test.height)];
  if (entry.net.nodes.empty()) {
    const net::Model model = net::Model::load(model_path(test.model));
    const int multiple = model.info().size_multiple;
    const int height = round_up(test.height, multiple);
    const int width = round_up(test.width, multiple);
    entry.net = model.build(height, width);
    entry.input = test_picture(height, width, model.info().input_range);
    entry.style.assign(model.info().styles.size(), 0.0F);
    if (entry.style.size() > 2) {
      entry.style[1] = 0.75F;
      entry.style[2] = 0.25F;
    }
    entry.range = model.info().output_range;
    entry.output = net::evaluate(entry.net, entry.input, entry.style);
  }
  return entry;
}

class WholeNetwork : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(model_path(GetParam().model))) {
      GTEST_SKIP() << model_path(GetParam().model) << " is absent";
    }
  }
  Picture run(const graph::CompileOptions& options) {
    const Reference& expected = reference(GetParam());
    const Outcome outcome = run_network(expected.net, options, expected.input, expected.style);
    EXPECT_EQ(outcome.guards, "");
    return to_picture(outcome.result, expected.range.low, expected.range.high);
  }
  Picture expected() {
    const Reference& entry = reference(GetParam());
    return to_picture(entry.output, entry.range.low, entry.range.high);
  }
};

TEST_P(WholeNetwork, FusedInFloat) {
  EXPECT_TRUE(agrees_in_float(expected(), run(options_for_tests())));
}

TEST_P(WholeNetwork, UnfusedInFloat) {
  graph::CompileOptions options = options_for_tests();
  options.fusions = graph::Fusions::none();
  EXPECT_TRUE(agrees_in_float(expected(), run(options)));
}

TEST_P(WholeNetwork, FusedInHalf) {
  graph::CompileOptions options = options_for_tests();
  options.precision = graph::Precision::fp16;
  EXPECT_TRUE(agrees_in_half(expected(), run(options)));
}

TEST_P(WholeNetwork, UnfusedInHalf) {
  graph::CompileOptions options = options_for_tests();
  options.precision = graph::Precision::fp16;
  options.fusions = graph::Fusions::none();
  EXPECT_TRUE(agrees_in_half(expected(), run(options)));
}

TEST_P(WholeNetwork, RepeatsBitForBit) {
  EXPECT_EQ(run(options_for_tests()).codes, run(options_for_tests()).codes);
}

std::string case_name(const testing::TestParamInfo<Case>& info) {
  return info.param.model + "_" + std::to_string(info.param.width) + "x" +
         std::to_string(info.param.height);
}

INSTANTIATE_TEST_SUITE_P(Small, WholeNetwork,
                         testing::Values(Case{"live", 240, 320}, Case{"pilot_live", 251, 333},
                                         Case{"candy", 64, 96}, Case{"mosaic", 64, 96},
                                         Case{"wave", 64, 96}, Case{"fine", 64, 96}),
                         case_name);
INSTANTIATE_TEST_SUITE_P(Long, WholeNetwork,
                         testing::Values(Case{"candy", 240, 320}, Case{"candy", 251, 333},
                                         Case{"mosaic", 240, 320}, Case{"mosaic", 251, 333},
                                         Case{"wave", 240, 320}, Case{"wave", 251, 333},
                                         Case{"pilot_live", 240, 320}, Case{"live", 251, 333},
                                         Case{"fine", 251, 333}),
                         case_name);

}  // namespace
}  // namespace impasto::test
