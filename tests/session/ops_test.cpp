// Every op that is no convolution and no norm: shapes x precision x how tensors are read, on the
// device against the reference. To add an op: a function that returns its cases, and its name in
// all_cases.
#include <algorithm>
#include <cmath>

#include "tests/session/rig.h"
#include "tests/support/net_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

struct Case {
  std::string name;
  net::Net net;
  net::Tensor input;
  Bound bound;         ///< of fp32
  bool moves = false;  ///< computes nothing: exact in fp16 too
};

std::vector<Shape> shapes() {
  return {{1, 1, 1}, {3, 5, 7}, {4, 8, 9}, {5, 7, 6}, {16, 4, 13}, {33, 6, 5}};
}

std::string text(const Shape& shape) {
  return std::to_string(shape.channels) + "x" + std::to_string(shape.height) + "x" +
         std::to_string(shape.width);
}

net::Tensor random_input(const Shape& shape, std::uint64_t seed) {
  return random_tensor(shape.channels, shape.height, shape.width, seed, -3, 3);
}

// A few roundings of numbers up to `scale`.
Bound roundings(double scale) {
  return [scale](std::size_t, double value) { return 0x1p-21 * (std::abs(value) + scale); };
}

std::vector<Case> activation_cases() {
  using Kind = net::ActivationKind;
  struct Row {
    Kind kind;
    float a, b, low, high;
  };
  const Row rows[] = {{Kind::relu, 0, 0, -3, 3},          {Kind::leaky_relu, 0.1F, 0, -3, 3},
                      {Kind::prelu, 0, 0, -3, 3},         {Kind::elu, 1.5F, 0, -20, 20},
                      {Kind::sigmoid, 0, 0, -1e4F, 1e4F}, {Kind::sigmoid, 0, 0, -9, 9},
                      {Kind::tanh, 0, 0, -1e4F, 1e4F},    {Kind::tanh, 0, 0, -9, 9},
                      {Kind::clip, -1, 2, -3, 3},         {Kind::hard_sigmoid, 0.2F, 0.5F, -5, 5},
                      {Kind::hard_swish, 0, 0, -5, 5},    {Kind::sqrt, 0, 0, 0, 9},
                      {Kind::reciprocal, 0, 0, 0.1F, 4},  {Kind::exp, 0, 0, -5, 5},
                      {Kind::abs, 0, 0, -3, 3},           {Kind::neg, 0, 0, -3, 3}};
  std::vector<Case> cases;
  std::uint64_t seed = 100;
  for (const Row& row : rows) {
    const Shape shape = shapes()[seed % shapes().size()];
    net::Activation op{row.kind, row.a, row.b};
    std::vector<std::vector<float>> parameters;
    if (row.kind == Kind::prelu) {
      op.slope = 0;
      parameters.push_back(random_vector(static_cast<std::size_t>(shape.channels), seed));
    }
    const bool bounded = row.kind == Kind::sigmoid || row.kind == Kind::tanh;
    cases.push_back(
        {"activation " + std::to_string(static_cast<int>(row.kind)),
         single_op(op, shape, shape, parameters),
         random_tensor(shape.channels, shape.height, shape.width, ++seed, row.low, row.high),
         bounded ? activation_bound() : roundings(1)});
  }
  return cases;
}

std::vector<Case> binary_cases() {
  using Kind = net::BinaryKind;
  std::vector<Case> cases;
  std::uint64_t seed = 200;
  for (const Kind kind : {Kind::add, Kind::sub, Kind::mul, Kind::div, Kind::min, Kind::max}) {
    for (const Shape& shape : {Shape{5, 4, 6}, Shape{1, 3, 3}, Shape{16, 1, 7}}) {
      const Shape others[] = {shape,     {1, shape.height, shape.width},   {shape.channels, 1, 1},
                              {1, 1, 1}, {shape.channels, 1, shape.width}, {1, shape.height, 1}};
      const Shape other = others[seed % 6];
      NetBuilder builder(shape);
      const net::ValueId constant = builder.constant(
          random_tensor(other.channels, other.height, other.width, ++seed, 0.5F, 2));
      const std::vector<net::ValueId> inputs = seed % 2 ? std::vector{builder.input(), constant}
                                                        : std::vector{constant, builder.input()};
      builder.add(net::Binary{kind}, inputs, shape);
      cases.push_back({"binary " + std::to_string(static_cast<int>(kind)) + " " + text(shape) +
                           " " + text(other),
                       builder.build(),
                       random_tensor(shape.channels, shape.height, shape.width, seed, 0.5F, 2),
                       roundings(1)});
    }
  }
  for (const Kind kind : {Kind::add, Kind::sub, Kind::mul, Kind::div, Kind::pow, Kind::max}) {
    for (const bool scalar : {false, true}) {
      const Shape shape = shapes()[++seed % shapes().size()];
      const std::size_t size = scalar ? 1 : static_cast<std::size_t>(shape.channels);
      const net::BinaryParameter op{kind, 0, seed % 3 == 0};
      cases.push_back({"parameter " + std::to_string(static_cast<int>(kind)) + " " + text(shape),
                       single_op(op, shape, shape, {random_vector(size, seed, 0.5F, 2)}),
                       random_tensor(shape.channels, shape.height, shape.width, seed, 0.5F, 2),
                       roundings(kind == Kind::pow ? 8 : 1)});
    }
  }
  // Squares of signed values, as hand-written norms have them.
  cases.push_back(
      {"pow 2", single_op(net::BinaryParameter{Kind::pow, 0, false}, {5, 4, 3}, {5, 4, 3}, {{2}}),
       random_input({5, 4, 3}, seed), roundings(1)});
  return cases;
}

std::vector<Case> pad_cases() {
  std::vector<Case> cases;
  std::uint64_t seed = 300;
  for (const net::PadMode mode :
       {net::PadMode::constant, net::PadMode::reflect, net::PadMode::edge}) {
    for (const Shape& shape : shapes()) {
      const int most = mode == net::PadMode::reflect ? std::min(shape.height, shape.width) - 1 : 4;
      Random random(++seed);
      const net::Border border{random.whole(0, most), random.whole(0, most), random.whole(0, most),
                               random.whole(0, most)};
      const Shape out{shape.channels, shape.height + border.top + border.bottom,
                      shape.width + border.left + border.right};
      cases.push_back({"pad " + std::to_string(static_cast<int>(mode)) + " " + text(shape),
                       single_op(net::Pad{border, mode, 0.25F}, shape, out),
                       random_input(shape, seed), exact_bound(), true});
    }
  }
  const net::Border crop{-1, -2, -1, 0};
  cases.push_back({"crop",
                   single_op(net::Pad{crop, net::PadMode::constant, 0}, {5, 6, 7}, {5, 4, 5}),
                   random_input({5, 6, 7}, seed), exact_bound(), true});
  const net::Border wide{5, 4, 3, 5};
  cases.push_back({"reflection wider than the plane",
                   single_op(net::Pad{wide, net::PadMode::reflect, 0}, {5, 3, 2}, {5, 11, 11}),
                   random_input({5, 3, 2}, seed), exact_bound(), true});
  return cases;
}

net::ResizeAxis axis_table(Random& random, int in, int out) {
  net::ResizeAxis axis;
  for (int i = 0; i < out; ++i) {
    const int low = random.whole(0, in - 1);
    axis.low.push_back(low);
    axis.high.push_back(std::min(low + 1, in - 1));
    axis.fraction.push_back(random.uniform(0, 1));
  }
  return axis;
}

std::vector<Case> resize_cases() {
  std::vector<Case> cases;
  std::uint64_t seed = 400;
  for (const net::ResizeMode mode : {net::ResizeMode::nearest, net::ResizeMode::linear}) {
    for (const Shape& shape : shapes()) {
      Random random(++seed);
      const Shape out{shape.channels, random.whole(1, 11), random.whole(1, 19)};
      net::Resize op{mode, axis_table(random, shape.height, out.height),
                     axis_table(random, shape.width, out.width), 0};
      const bool nearest = mode == net::ResizeMode::nearest;
      if (nearest) {
        op.y.high = op.x.high = {};
        op.y.fraction = op.x.fraction = {};
      }
      cases.push_back({"resize " + text(shape) + " to " + text(out), single_op(op, shape, out),
                       random_input(shape, seed), nearest ? exact_bound() : roundings(3), nearest});
    }
  }
  for (const int factor : {2, 3}) {
    const Shape shape{5, 4, 3};
    const Shape out{5, 4 * factor, 3 * factor};
    net::Resize op{net::ResizeMode::nearest, {}, {}, factor};
    for (int i = 0; i < out.height; ++i) op.y.low.push_back(i / factor);
    for (int i = 0; i < out.width; ++i) op.x.low.push_back(i / factor);
    cases.push_back({"nearest " + std::to_string(factor), single_op(op, shape, out),
                     random_input(shape, ++seed), exact_bound(), true});
  }
  return cases;
}

// Output size of a window along one axis; rounded up or down.
int windows(int size, int before, int after, int kernel, int stride, int dilation, bool up) {
  const int room = size + before + after - dilation * (kernel - 1) - 1;
  int count = (room + (up ? stride - 1 : 0)) / stride + 1;
  if (up && (count - 1) * stride >= size + before) --count;
  return count;
}

std::vector<Case> pool_cases() {
  std::vector<Case> cases;
  for (std::uint64_t seed = 500; seed < 530; ++seed) {
    Random random(seed);
    net::Pool op;
    op.kind = random.whole(0, 1) ? net::PoolKind::max : net::PoolKind::average;
    op.kernel = {random.whole(1, 4), random.whole(1, 3)};
    op.stride = {random.whole(1, 3), random.whole(1, 3)};
    op.dilation = {random.whole(1, 2), 1};
    op.border = {random.whole(0, op.kernel.y / 2), random.whole(0, op.kernel.x / 2),
                 random.whole(0, op.kernel.y / 2), random.whole(0, op.kernel.x / 2)};
    op.count_include_pad = random.whole(0, 1) == 1;
    static constexpr int channels[] = {1, 3, 4, 5, 16, 33};
    const Shape shape{channels[seed % 6], random.whole(7, 12), random.whole(7, 12)};
    const bool up = random.whole(0, 1) == 1;
    const Shape out{shape.channels,
                    windows(shape.height, op.border.top, op.border.bottom, op.kernel.y, op.stride.y,
                            op.dilation.y, up),
                    windows(shape.width, op.border.left, op.border.right, op.kernel.x, op.stride.x,
                            op.dilation.x, up)};
    const bool maximum = op.kind == net::PoolKind::max;
    cases.push_back({"pool " + std::to_string(seed) + " " + text(shape) + " to " + text(out),
                     single_op(op, shape, out), random_input(shape, seed),
                     maximum ? exact_bound() : roundings(3), maximum});
  }
  for (const net::PoolKind kind : {net::PoolKind::max, net::PoolKind::average}) {
    for (const Shape& shape : shapes()) {
      const bool maximum = kind == net::PoolKind::max;
      cases.push_back({"global pool " + text(shape),
                       single_op(net::GlobalPool{kind}, shape, {shape.channels, 1, 1}),
                       random_input(shape, 540), maximum ? exact_bound() : roundings(3), maximum});
    }
  }
  return cases;
}

std::vector<Case> concat_cases() {
  std::vector<Case> cases;
  const std::vector<std::vector<int>> channel_lists = {
      {4, 4}, {8, 3}, {3, 5}, {1, 1, 1, 1, 1}, {5, 16, 2}, {1, 33, 4}, {2, 2, 2, 2}, {16, 1}};
  std::uint64_t seed = 600;
  for (const std::vector<int>& channels : channel_lists) {
    NetBuilder builder({channels[0], 5, 7});
    std::vector<net::ValueId> inputs = {builder.input()};
    int sum = channels[0];
    for (std::size_t i = 1; i < channels.size(); ++i) {
      inputs.push_back(builder.constant(random_tensor(channels[i], 5, 7, ++seed)));
      sum += channels[i];
    }
    builder.add(net::Concat{0}, inputs, {sum, 5, 7});
    cases.push_back({"concat of channels " + std::to_string(channels.size()), builder.build(),
                     random_input({channels[0], 5, 7}, seed), exact_bound(), true});
  }
  for (const int axis : {1, 2}) {
    const Shape shape{5, 3, 4};
    NetBuilder builder(shape);
    const Shape other{5, axis == 1 ? 6 : 3, axis == 2 ? 5 : 4};
    const net::ValueId second =
        builder.constant(random_tensor(other.channels, other.height, other.width, ++seed));
    const Shape out{5, axis == 1 ? 12 : 3, axis == 2 ? 13 : 4};
    builder.add(net::Concat{axis}, {builder.input(), second, builder.input()}, out);
    cases.push_back({"concat along " + std::to_string(axis), builder.build(),
                     random_input(shape, seed), exact_bound(), true});
  }
  // The same normalized value twice: what a concatenation reads may be a view.
  NetBuilder builder({3, 6, 5});
  const net::ValueId active =
      builder.add(net::Activation{net::ActivationKind::neg}, {builder.input()}, {3, 6, 5});
  builder.add(net::Concat{0}, {active, builder.input(), active}, {9, 6, 5});
  cases.push_back(
      {"concat of views", builder.build(), random_input({3, 6, 5}, ++seed), exact_bound(), true});
  return cases;
}

std::vector<Case> move_cases() {
  std::vector<Case> cases;
  std::uint64_t seed = 700;
  struct Row {
    Shape in, out;
    net::Slice op;
  };
  const Row rows[] = {{{8, 5, 6}, {4, 5, 6}, {{4, 0, 0}, {1, 1, 1}}},
                      {{33, 5, 6}, {5, 2, 2}, {{3, 1, 2}, {6, 2, 3}}},
                      {{5, 4, 3}, {5, 4, 3}, {{4, 3, 2}, {-1, -1, -1}}},
                      {{16, 9, 9}, {1, 1, 1}, {{7, 8, 8}, {1, 1, 1}}},
                      {{7, 6, 6}, {6, 4, 5}, {{1, 1, 0}, {1, 1, 1}}}};
  for (const Row& row : rows) {
    cases.push_back({"slice " + text(row.in) + " to " + text(row.out),
                     single_op(row.op, row.in, row.out), random_input(row.in, ++seed),
                     exact_bound(), true});
  }
  for (const int block : {1, 2, 3}) {
    for (const int channels : {1, 3, 4, 5}) {
      const Shape deep{channels * block * block, 3, 5};
      const Shape flat{channels, 3 * block, 5 * block};
      const std::string name = std::to_string(block) + " " + std::to_string(channels);
      for (const bool column_row : {false, true}) {
        cases.push_back({"depth to space " + name,
                         single_op(net::DepthToSpace{block, column_row}, deep, flat),
                         random_input(deep, ++seed), exact_bound(), true});
      }
      cases.push_back({"space to depth " + name, single_op(net::SpaceToDepth{block}, flat, deep),
                       random_input(flat, ++seed), exact_bound(), true});
    }
  }
  return cases;
}

void check_case(const Case& test, const graph::CompileOptions& options) {
  const net::Tensor reference = reference_for(options, test.net, test.input);
  const Bound bound = options.precision == graph::Precision::fp32 ? test.bound
                      : test.moves                                ? exact_bound()
                                                                  : half_bound(reference);
  expect_result(test.name, test.net, options, test.input, reference, bound);
}

void check_cases(const std::vector<Case>& cases) {
  std::size_t turn = 0;
  for (const Case& test : cases) check_case(test, storage_variant(turn++));
}

TEST(Ops, activations) {
  check_cases(activation_cases());
}
TEST(Ops, binaries) {
  check_cases(binary_cases());
}
TEST(Ops, pads) {
  check_cases(pad_cases());
}
TEST(Ops, resizes) {
  check_cases(resize_cases());
}
TEST(Ops, pools) {
  check_cases(pool_cases());
}
TEST(Ops, concats) {
  check_cases(concat_cases());
}
TEST(Ops, slices_and_blocks) {
  check_cases(move_cases());
}

// The full product; tests/session/CMakeLists.txt runs it in ./test --long.
TEST(Ops, DISABLED_every_variant) {
  for (const std::vector<Case>& cases :
       {activation_cases(), binary_cases(), pad_cases(), resize_cases(), pool_cases(),
        concat_cases(), move_cases()}) {
    for (const Case& test : cases) {
      for (const graph::CompileOptions& options : storage_variants()) check_case(test, options);
    }
  }
}

// A plane split over several bindings, as a device with a small binding limit needs it.
TEST(Ops, windows_of_planes) {
  if (!options_for_tests().texel_reads) {
    GTEST_SKIP() << "storage reads bind whole tensors, which such limits refuse";
  }
  for (std::vector<Case> cases :
       {pool_cases(), resize_cases(), concat_cases(), move_cases(), activation_cases()}) {
    for (Case& test : cases) {
      graph::CompileOptions options = options_for_tests();
      const net::Value& out = test.net.value(test.net.output);
      const std::uint64_t plane = static_cast<std::uint64_t>(out.height) * out.width * 16;
      if (plane < 256) continue;  // tables would not fit either
      options.device.max_storage_range = 2 * plane;
      options.device.storage_alignment = 16;
      expect_result(test.name, test.net, options, test.input, net::evaluate(test.net, test.input),
                    test.bound);
    }
  }
}

}  // namespace
}  // namespace impasto::test
