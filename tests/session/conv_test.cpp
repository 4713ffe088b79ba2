// Convolutions and transposed convolutions alone: shapes x kernel family x precision x how tensors
// are read, on the device against the reference. To add a shape: a row of conv_rows or
// transpose_rows; to add a family: a line of ways.
#include <algorithm>
#include <functional>
#include <set>

#include "engine/graph/conv_families.h"
#include "tests/session/rig.h"
#include "tests/support/net_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

struct ConvRow {
  int in, out;
  net::Pair kernel;
  net::Pair size;  ///< of the input plane
  net::Border border{};
  net::Pair stride{};
  net::Pair dilation{};
  int groups = 1;
  bool bias = true;
};

struct Case {
  std::string name;
  net::Net net;
  net::Tensor input;
};

std::string text(net::Pair pair) {
  return std::to_string(pair.y) + "x" + std::to_string(pair.x);
}

template <class Op>
Case make_case(const std::string& kind, const ConvRow& row, net::Pair out) {
  Op op;
  op.in_channels = row.in;
  op.out_channels = row.out;
  op.kernel = row.kernel;
  op.stride = row.stride;
  op.dilation = row.dilation;
  op.border = row.border;
  op.groups = row.groups;
  const std::uint64_t seed = static_cast<std::uint64_t>(row.in) * 7919 +
                             static_cast<std::uint64_t>(row.out) * 31 +
                             static_cast<std::uint64_t>(row.kernel.y);
  op.weights = weights(random_vector(
      static_cast<std::size_t>(row.in) * row.out / row.groups * row.kernel.y * row.kernel.x, seed));
  std::vector<std::vector<float>> parameters;
  if (row.bias) {
    op.bias = 0;
    parameters.push_back(random_vector(static_cast<std::size_t>(row.out), seed + 1));
  }
  Case result;
  result.name = kind + " " + std::to_string(row.in) + "->" + std::to_string(row.out) + " kernel " +
                text(row.kernel) + " stride " + text(row.stride) + " dilation " +
                text(row.dilation) + " groups " + std::to_string(row.groups) + " on " +
                text(row.size);
  result.net = single_op(op, {row.in, row.size.y, row.size.x}, {row.out, out.y, out.x}, parameters);
  result.input = random_tensor(row.in, row.size.y, row.size.x, seed + 2);
  return result;
}

Case conv_case(const ConvRow& row) {
  const auto windows = [](int size, int border, int kernel, int stride, int dilation) {
    return (size + border - dilation * (kernel - 1) - 1) / stride + 1;
  };
  return make_case<net::Conv>("conv", row,
                              {windows(row.size.y, row.border.top + row.border.bottom, row.kernel.y,
                                       row.stride.y, row.dilation.y),
                               windows(row.size.x, row.border.left + row.border.right, row.kernel.x,
                                       row.stride.x, row.dilation.x)});
}

/// `extra`: rows and columns of output padding.
Case transpose_case(const ConvRow& row, int extra) {
  return make_case<net::ConvTranspose>(
      "transposed conv", row,
      {(row.size.y - 1) * row.stride.y + row.dilation.y * (row.kernel.y - 1) + 1 - row.border.top -
           row.border.bottom + extra,
       (row.size.x - 1) * row.stride.x + row.dilation.x * (row.kernel.x - 1) + 1 - row.border.left -
           row.border.right + extra});
}

std::vector<Case> conv_cases() {
  std::vector<ConvRow> rows = {
      // Ends of networks, deep layers, channel counts on both sides of a plane.
      {3, 32, {9, 9}, {12, 19}, {4, 4, 4, 4}},
      {32, 3, {9, 9}, {11, 18}, {4, 4, 4, 4}},
      {3, 3, {3, 3}, {9, 16}, {1, 1, 1, 1}},
      {64, 64, {3, 3}, {9, 11}, {1, 1, 1, 1}},
      {33, 17, {3, 3}, {7, 10}, {1, 1, 1, 1}},
      {1, 1, {3, 3}, {6, 6}, {1, 1, 1, 1}, {}, {}, 1, false},
      {20, 12, {1, 1}, {8, 9}, {}, {}, {}, 1, false},
      // Strides.
      {16, 24, {3, 3}, {13, 18}, {1, 1, 1, 1}, {2, 2}},
      {5, 8, {2, 2}, {10, 11}, {}, {2, 2}},
      {6, 8, {4, 4}, {9, 12}, {1, 1, 1, 1}, {2, 2}},
      {8, 4, {1, 1}, {9, 7}, {}, {2, 2}},
      {4, 8, {3, 5}, {12, 14}, {1, 2, 0, 1}, {2, 1}},
      {4, 8, {5, 3}, {12, 14}, {2, 1, 2, 1}, {1, 2}},
      {4, 6, {3, 3}, {17, 20}, {1, 1, 1, 1}, {3, 3}},
      {3, 8, {4, 4}, {17, 21}, {}, {4, 4}},
      // Dilations.
      {8, 8, {3, 3}, {12, 13}, {2, 2, 2, 2}, {}, {2, 2}},
      {4, 5, {3, 2}, {14, 12}, {2, 0, 1, 3}, {}, {2, 3}},
      {7, 4, {3, 3}, {15, 16}, {2, 2, 2, 2}, {2, 2}, {2, 2}},
      // Groups; depthwise.
      {8, 8, {3, 3}, {9, 10}, {1, 1, 1, 1}, {}, {}, 2},
      {6, 9, {3, 3}, {8, 7}, {1, 1, 1, 1}, {}, {}, 3},
      {4, 8, {3, 3}, {8, 7}, {1, 1, 1, 1}, {}, {}, 4},
      {10, 6, {1, 1}, {5, 6}, {}, {2, 2}, {}, 2, false},
      {5, 5, {3, 3}, {9, 14}, {1, 1, 1, 1}, {}, {}, 5},
      {16, 16, {3, 3}, {13, 11}, {1, 1, 1, 1}, {2, 2}, {}, 16},
      {8, 8, {5, 3}, {12, 11}, {4, 2, 4, 2}, {}, {2, 2}, 8, false},
      {4, 4, {9, 9}, {12, 13}, {4, 4, 4, 4}, {}, {}, 4},
      {6, 6, {2, 2}, {8, 9}, {0, 1, 1, 0}, {3, 2}, {1, 3}, 6},
      // Shapes: one pixel, one row, one column, lop-sided borders, kernels as large as the plane.
      {5, 6, {1, 1}, {1, 1}},
      {4, 5, {3, 3}, {1, 1}, {1, 1, 1, 1}},
      {4, 5, {1, 3}, {1, 37}, {0, 2, 0, 0}},
      {4, 5, {3, 1}, {29, 1}, {0, 0, 2, 0}},
      {5, 4, {3, 3}, {5, 6}, {3, 0, 1, 4}},
      {4, 4, {7, 8}, {7, 8}},
      {4, 4, {11, 11}, {13, 15}, {5, 5, 5, 5}},
  };
  // Every kernel size on an odd plane, with one output less or more than a tile where even.
  const int channels[] = {3, 4, 5, 8, 9, 12};
  for (int kernel = 1; kernel <= 9; ++kernel) {
    const int before = (kernel - 1) / 2;
    const int after = kernel / 2;
    rows.push_back({channels[kernel % 6],
                    channels[(kernel * 5 + 2) % 6],
                    {kernel, kernel},
                    {7 + kernel, 10 + kernel},
                    {before, before, after, after}});
    if (kernel > 1) {
      rows.push_back(
          {4, 8, {kernel, kernel}, {11, 2 * kernel + 3}, {before, before, after, after}, {2, 2}});
    }
  }
  std::vector<Case> cases;
  for (const ConvRow& row : rows) cases.push_back(conv_case(row));
  return cases;
}

// Grids that fill the presets of the tiled family.
std::vector<Case> large_cases() {
  std::vector<Case> cases;
  for (const ConvRow& row : {ConvRow{4, 64, {3, 3}, {180, 190}, {1, 1, 1, 1}},
                             ConvRow{8, 60, {3, 3}, {96, 180}, {1, 1, 1, 1}},
                             ConvRow{4, 64, {3, 3}, {191, 361}, {1, 1, 1, 1}, {2, 2}},
                             ConvRow{12, 32, {3, 3}, {99, 180}, {1, 1, 1, 1}},
                             ConvRow{5, 16, {5, 5}, {100, 181}, {2, 2, 2, 2}},
                             ConvRow{16, 3, {9, 9}, {179, 190}, {4, 4, 4, 4}}}) {
    cases.push_back(conv_case(row));
  }
  return cases;
}

// Wide 3x3 layers: tiles of 4 x 4 outputs on all sides of their edges, channels on all sides of a
// block of output planes.
std::vector<Case> wide_cases() {
  std::vector<Case> cases;
  for (const ConvRow& row :
       {ConvRow{32, 32, {3, 3}, {16, 20}, {1, 1, 1, 1}},
        ConvRow{48, 24, {3, 3}, {13, 11}, {1, 1, 1, 1}},
        ConvRow{25, 37, {3, 3}, {10, 7}, {0, 2, 1, 0}, {}, {}, 1, false},
        ConvRow{128, 26, {3, 3}, {7, 6}}, ConvRow{64, 44, {3, 3}, {1, 3}, {1, 1, 1, 1}},
        ConvRow{32, 64, {3, 3}, {3, 3}, {}, {}, {}, 1, false}}) {
    cases.push_back(conv_case(row));
  }
  return cases;
}

std::vector<Case> transpose_cases() {
  std::vector<Case> cases;
  const auto add = [&](const ConvRow& row, int extra) {
    cases.push_back(transpose_case(row, extra));
  };
  add({8, 6, {3, 3}, {6, 9}, {1, 1, 1, 1}, {2, 2}}, 1);
  add({6, 3, {4, 4}, {7, 5}, {1, 1, 1, 1}, {2, 2}}, 0);
  add({5, 8, {2, 2}, {5, 6}, {}, {2, 2}, {}, 1, false}, 0);
  add({4, 5, {3, 3}, {6, 7}, {1, 1, 1, 1}}, 0);
  add({3, 4, {9, 9}, {5, 4}, {4, 4, 3, 2}, {3, 3}}, 0);
  add({4, 4, {6, 5}, {5, 6}, {2, 1, 2, 1}, {3, 3}}, 1);
  add({4, 4, {2, 2}, {5, 4}, {}, {3, 3}}, 0);  // gaps that no tap reaches
  add({4, 8, {3, 3}, {5, 6}, {1, 1, 1, 1}, {2, 1}}, 0);
  add({4, 4, {3, 3}, {5, 6}, {1, 2, 0, 1}, {2, 2}, {2, 2}}, 1);
  add({8, 8, {3, 3}, {5, 6}, {1, 1, 1, 1}, {2, 2}, {}, 2}, 1);
  add({6, 9, {4, 4}, {4, 5}, {1, 1, 1, 1}, {2, 2}, {}, 3}, 0);
  add({5, 5, {3, 3}, {6, 5}, {1, 1, 1, 1}, {2, 2}, {}, 5}, 1);
  add({7, 5, {1, 1}, {1, 1}}, 0);
  add({4, 4, {4, 4}, {1, 1}, {}, {2, 2}}, 0);
  return cases;
}

/// A way to compute a convolution: options that lead to a kernel.
using Way = std::function<void(graph::CompileOptions&)>;
Way family(graph::ConvFamily family) {
  return [family](graph::CompileOptions& options) { options.family = family; };
}
/// The tiled family as devices of several kinds get it.
std::vector<Way> tiled_ways() {
  const Way tiled = family(graph::ConvFamily::tiled);
  return {tiled,
          [tiled](graph::CompileOptions& options) {
            tiled(options);
            options.device.subgroup_arithmetic = false;
          },
          [tiled](graph::CompileOptions& options) {
            tiled(options);
            options.device.max_shared_bytes = 4096;  // the preset that needs registers alone
          },
          [tiled](graph::CompileOptions& options) {
            tiled(options);
            options.device.software = false;  // windows of registers
          }};
}
std::vector<Way> ways() {
  std::vector<Way> result = tiled_ways();
  result.push_back(family(graph::ConvFamily::automatic));
  result.push_back(family(graph::ConvFamily::shuffle));
  result.push_back(family(graph::ConvFamily::generic));
  return result;
}

// What decides which machine code runs: kernels and their constants.
std::string kernels_of(const graph::RenderGraph& graph) {
  std::string text;
  for (const graph::Pass& pass : graph.passes) {
    text += pass.kernel;
    for (const std::uint32_t constant : pass.constants) text += " " + std::to_string(constant);
    text += "\n";
  }
  return text;
}

void check_case(const Case& test, const graph::CompileOptions& options) {
  const net::Tensor reference = reference_for(options, test.net, test.input);
  const Bound bound = options.precision == graph::Precision::fp16_everywhere
                          ? half_bound(reference)
                          : conv_bound(test.net, test.net.nodes[0], test.input,
                                       net::evaluate_parameters(test.net, {}));
  expect_result(test.name, test.net, options, test.input, reference, bound);
}

/// Those of the ways that lead to different kernels for this case.
std::vector<Way> different_ways(const Case& test, const std::vector<Way>& candidates) {
  std::vector<Way> result;
  std::set<std::string> seen;
  for (const Way& way : candidates) {
    graph::CompileOptions options = options_for_tests();
    way(options);
    if (seen.insert(kernels_of(graph::compile_network(test.net, options))).second) {
      result.push_back(way);
    }
  }
  return result;
}

/// Each case on the family that this device gets and on another; the others, the storage variants
/// and the kinds of the tiled family by turns.
void check_by_turns(const std::vector<Case>& cases) {
  std::size_t turn = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    const Way other = i % 2 == 0 ? tiled_ways()[i / 2 % 4] : family(graph::ConvFamily::generic);
    for (const Way& way : different_ways(cases[i], {family(graph::ConvFamily::automatic), other})) {
      graph::CompileOptions options = storage_variant(turn++);
      way(options);
      check_case(cases[i], options);
    }
    turn += i % 4 == 3 ? 1 : 0;  // or a family would meet the same variants again and again
  }
}

void check_everything(const std::vector<Case>& cases) {
  for (const Case& test : cases) {
    for (const Way& way : different_ways(test, ways())) {
      for (graph::CompileOptions options : storage_variants()) {
        way(options);
        check_case(test, options);
      }
    }
  }
}

TEST(Convolutions, shapes_by_families) {
  check_by_turns(conv_cases());
}
TEST(Convolutions, large_grids) {
  std::size_t turn = 0;
  for (const Case& test : large_cases()) {
    graph::CompileOptions options = storage_variant(turn++);
    options.family = graph::ConvFamily::tiled;
    check_case(test, options);
  }
}
/// Every `step`th shape of the tiled family that a layer can have, named as a measured choice names
/// it.
void check_shapes_of_tiles(std::size_t step) {
  std::size_t turn = 0;
  for (const Case& test : {conv_case({6, 60, {3, 3}, {37, 45}, {1, 1, 1, 1}}),
                           conv_case({5, 64, {3, 3}, {71, 45}, {1, 1, 1, 1}, {2, 2}}),
                           conv_case({3, 30, {9, 9}, {27, 38}, {4, 4, 4, 4}}),
                           conv_case({9, 16, {2, 2}, {37, 38}, {1, 1, 0, 0}}),
                           conv_case({9, 3, {9, 9}, {37, 38}, {4, 4, 4, 4}})}) {
    std::vector<Way> candidates;
    for (const std::string& shape : graph::tiled_shapes()) {
      candidates.push_back([shape](graph::CompileOptions& options) {
        options.family = graph::ConvFamily::tiled;
        options.tiled_shape = shape;
        options.device.software = false;
      });
    }
    for (const Way& way : different_ways(test, candidates)) {
      if (turn++ % step != 0) continue;
      graph::CompileOptions options = storage_variant(turn / step);
      way(options);
      check_case(test, options);
    }
  }
}
TEST(Convolutions, shapes_of_tiles) {
  check_shapes_of_tiles(5);
}
// Several runs of tiles, one record of statistics after the other.
Case long_case() {
  return conv_case({64, 32, {3, 3}, {77, 122}, {1, 1, 1, 1}});
}

// Where the device gets it: on each way to store and read.
bool uses_winograd(const net::Net& net, const graph::CompileOptions& options) {
  return kernels_of(graph::compile_network(net, options)).find("winograd") != std::string::npos;
}
TEST(Convolutions, wide) {
  std::vector<Case> cases = wide_cases();
  cases.push_back(long_case());
  for (const Case& test : cases) {
    for (const graph::Precision precision :
         {graph::Precision::fp32, graph::Precision::fp16_everywhere}) {
      graph::CompileOptions options = options_for_tests();
      options.precision = precision;
      const bool expected = options.texel_reads && options.device.software;
      EXPECT_EQ(uses_winograd(test.net, options), expected) << test.name;
      check_case(test, options);
      options.fusions.winograd = false;
      EXPECT_FALSE(uses_winograd(test.net, options)) << test.name;
    }
  }
}

// Large tiles where their products cost less: small layers end inside a tile, and have few tiles
// that share a fetch of the filters. Devices that share the layer have the same.
TEST(Convolutions, side_of_tiles) {
  graph::CompileOptions options = options_for_tests();
  const auto kernel = [&](const ConvRow& row) {
    return graph::compile_network(conv_case(row).net, options).convolutions[0].kernel;
  };
  if (kernel({32, 24, {3, 3}, {24, 36}, {1, 1, 1, 1}}) != "winograd") {
    GTEST_SKIP() << "the device does not get these kernels";
  }
  options.device.subgroup_size = 8;
  EXPECT_EQ(kernel({48, 24, {3, 3}, {24, 36}, {1, 1, 1, 1}}), "winograd:6x6");
  EXPECT_EQ(kernel({48, 24, {3, 3}, {16, 20}, {1, 1, 1, 1}}), "winograd");
  EXPECT_EQ(kernel({48, 24, {3, 3}, {20, 26}}), "winograd");
  EXPECT_EQ(kernel({48, 24, {3, 3}, {26, 38}}), "winograd:6x6");
  EXPECT_EQ(kernel({48, 48, {3, 3}, {36, 48}, {1, 1, 1, 1}}), "winograd:6x6");
  options.device.devices = 3;
  EXPECT_EQ(kernel({48, 48, {3, 3}, {36, 48}, {1, 1, 1, 1}}), "winograd:6x6");
}

// A measured choice may give a kernel to a layer that would not get it otherwise.
TEST(Convolutions, chosen_by_name) {
  for (const ConvRow& row : {ConvRow{5, 9, {3, 3}, {37, 45}, {1, 1, 1, 1}},
                             ConvRow{16, 12, {3, 3}, {18, 33}, {1, 1, 1, 1}},
                             ConvRow{48, 12, {3, 3}, {21, 34}, {1, 1, 1, 1}},
                             ConvRow{3, 17, {3, 3}, {21, 22}, {0, 0, 0, 0}, {2, 2}}}) {
    const Case test = conv_case(row);
    const auto layers = [&](const graph::CompileOptions& options) {
      return graph::compile_network(test.net, options).convolutions;
    };
    const graph::ConvLayer built_in = layers(options_for_tests()).front();
    for (const std::string& kernel : built_in.kernels) {
      graph::CompileOptions options = options_for_tests();
      options.conv_choices = {{built_in.shape, kernel}};
      EXPECT_EQ(layers(options).front().kernel, kernel);
      check_case(test, options);
    }
    graph::CompileOptions options = options_for_tests();
    options.conv_choices = {{built_in.shape, "depthwise"}, {"of another net", "tiled"}};
    EXPECT_EQ(layers(options).front().kernel, built_in.kernel);
  }
}

// Outputs in three bindings, runs no longer than one; where the shortest does not fit, another way.
TEST(Convolutions, wide_within_limits) {
  if (!options_for_tests().texel_reads) {
    GTEST_SKIP() << "storage reads bind whole tensors, which such limits refuse";
  }
  const Case test = conv_case({25, 25, {3, 3}, {90, 95}, {1, 1, 1, 1}});
  graph::CompileOptions options = options_for_tests();
  options.device.storage_alignment = 16;
  options.device.max_storage_range = 90 * 95 * 16 * 3;  // a run of the widest subgroups fits
  const bool expected = options.device.software;
  EXPECT_EQ(uses_winograd(test.net, options), expected);
  check_case(test, options);
  options.device.max_storage_range = 90 * 95 * 16 / 2 * 2;
  options.device.max_groups = 200;
  EXPECT_FALSE(uses_winograd(test.net, options));
  check_case(test, options);
}

TEST(Convolutions, transposed) {
  check_by_turns(transpose_cases());
}

// Phases that differ in their filters alone are one pass, where the kernel can; others are not.
TEST(Convolutions, phases_share_a_pass) {
  if (!options_for_tests().texel_reads) GTEST_SKIP() << "the kernel reads through texel buffers";
  const auto passes = [](const ConvRow& row) {
    graph::CompileOptions options = options_for_tests();
    options.family = graph::ConvFamily::shuffle;
    const Case test = transpose_case(row, 0);
    check_case(test, options);
    const graph::RenderGraph graph = graph::compile_network(test.net, options);
    return std::ranges::count_if(graph.passes, [](const graph::Pass& pass) {
      return pass.name.find(" phase") != std::string::npos;
    });
  };
  EXPECT_EQ(passes({5, 22, {4, 4}, {19, 21}, {1, 1, 1, 1}, {2, 2}}), 1);
  EXPECT_EQ(passes({5, 22, {3, 3}, {19, 21}, {1, 1, 1, 1}, {2, 2}}), 4);  // taps of 2 sizes
  EXPECT_EQ(passes({5, 22, {4, 4}, {19, 21}, {1, 1, 1, 2}, {2, 2}}), 4);  // an odd width
}

// The full product; tests/session/CMakeLists.txt runs it in ./test --long.
TEST(Convolutions, DISABLED_every_variant) {
  check_everything(conv_cases());
  check_everything(large_cases());
  check_everything(wide_cases());
  check_everything(transpose_cases());
  check_shapes_of_tiles(1);
}

// Outputs in several bindings and grids that wrap into z, as small limits of a device want them.
TEST(Convolutions, limits_of_devices) {
  if (!options_for_tests().texel_reads) {
    GTEST_SKIP() << "storage reads bind whole tensors, which such limits refuse";
  }
  const std::vector<Case> cases = {
      conv_case({5, 22, {3, 3}, {38, 41}, {1, 1, 1, 1}}),
      conv_case({22, 22, {3, 3}, {38, 41}, {1, 1, 1, 1}, {}, {}, 22}),
      transpose_case({5, 22, {4, 4}, {19, 21}, {1, 1, 1, 1}, {2, 2}}, 0),
      transpose_case({6, 22, {4, 4}, {19, 21}, {1, 1, 1, 1}, {2, 2}, {}, 2}, 0)};
  for (const Case& test : cases) {
    const net::Value& out = test.net.value(test.net.output);
    for (const Way& way : ways()) {
      graph::CompileOptions options = options_for_tests();
      way(options);
      options.device.storage_alignment = 16;
      options.device.max_storage_range =
          static_cast<std::uint64_t>(out.height) * out.width * 16 * 5 / 2;
      check_case(test, options);
      options = options_for_tests();
      way(options);
      options.device.max_groups = 9;
      check_case(test, options);
    }
  }
}

}  // namespace
}  // namespace impasto::test
