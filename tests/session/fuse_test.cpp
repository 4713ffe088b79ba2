// Chains of ops with every fusion, with none, and with each one switched off, on every kernel
// family, against the reference: what is folded into loads and stores must not show. To add a
// chain: a function that returns a net, and its line in chains.
#include "tests/session/rig.h"
#include "tests/support/chain.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

using net::ActivationKind;
using net::NormKind;
using net::PadMode;

net::Net transposed_network() {
  Chain chain({3, 11, 14}, 200);
  chain.conv(8, 3, {.border = 1, .stride = 2, .bias = true}).norm(NormKind::instance).relu();
  chain.transpose(8, 3, 2, 1, 1).norm(NormKind::batch_frame);
  chain.activation(ActivationKind::leaky_relu, 0.2F).transpose(4, 4, 2, 1, 0);
  chain.norm(NormKind::group, 2).activation(ActivationKind::elu, 1);
  return chain.conv(3, 1).activation(ActivationKind::sigmoid).build();
}

net::Net depthwise_network() {
  Chain chain({3, 16, 21}, 300);
  chain.conv(8, 3, {.border = 1, .stride = 2}).norm(NormKind::batch_stored);
  chain.activation(ActivationKind::hard_swish);
  const Chain::Mark skip = chain.mark();
  chain.conv(8, 3, {.border = 1, .groups = 8}).norm(NormKind::instance);
  chain.activation(ActivationKind::prelu).conv(8, 1).norm(NormKind::layer);
  const Chain::Mark features = chain.mark();
  chain.global_mean().conv(4, 1, {.bias = true}).relu().conv(8, 1);
  chain.activation(ActivationKind::hard_sigmoid, 0.2F, 0.5F);
  const Chain::Mark gate = chain.mark();
  chain.from(features).binary(net::BinaryKind::mul, gate);
  return chain.binary(net::BinaryKind::add, skip).concat(skip).conv(5, 1).build();
}

// Quotients and roots in lanes without a channel must reach no sum.
net::Net quotients() {
  Chain chain({5, 9, 10}, 400);
  chain.with_vector(net::BinaryKind::div, 0.5F, 2).conv(6, 3, {.border = 1});
  chain.activation(ActivationKind::exp).activation(ActivationKind::reciprocal);
  chain.conv(7, 1).activation(ActivationKind::abs).activation(ActivationKind::sqrt);
  chain.conv(5, 3, {.border = 1}).activation(ActivationKind::sigmoid);
  return chain.activation(ActivationKind::reciprocal).conv(3, 1).build();
}

// A view with all it can hold before each kind of reader.
net::Net full_views() {
  Chain chain({4, 7, 6}, 500);
  const auto view = [&](PadMode mode) {
    chain.norm(NormKind::instance).activation(ActivationKind::elu, 1).upsample(2);
    chain.pad({2, 1, 0, 3}, mode, 0.5F);
  };
  view(PadMode::constant);
  chain.conv(8, 3, {.stride = 2});
  view(PadMode::reflect);
  chain.conv(8, 3, {.groups = 8, .bias = true});
  view(PadMode::edge);
  return chain.pool(net::PoolKind::max, 4).norm(NormKind::layer).build();
}

net::Net upsampled(PadMode mode, int factor, int kernel) {
  Chain chain({6, 5, 7}, 600 + static_cast<std::uint64_t>(factor * kernel));
  chain.conv(5, 1).norm(NormKind::instance).relu().upsample(factor);
  chain.pad(kernel / 2, mode).conv(12, kernel, {.bias = true});
  return chain.norm(NormKind::instance).build();
}

net::Net own_border_after_upsampling() {
  Chain chain({4, 6, 5}, 700);
  chain.upsample(2).conv(20, 3, {.border = 1, .bias = true}).relu();
  return chain.norm(NormKind::instance).build();
}

// One row of the source, which upsampling makes two.
net::Net upsampled_row() {
  Chain chain({4, 1, 9}, 800);
  return chain.upsample(2).pad(1, PadMode::reflect).conv(4, 3).build();
}

net::Net reflection_beyond_the_plane() {
  Chain chain({4, 3, 2}, 900);
  chain.norm(NormKind::instance).pad({5, 4, 3, 5}, PadMode::reflect);
  return chain.conv(6, 3, {.dilation = 2}).norm(NormKind::instance).build();
}

// Several readers of one normalized value, and a value that is read and also the output.
net::Net shared_values() {
  Chain chain({5, 8, 9}, 1000);
  chain.conv(5, 3, {.border = 1}).norm(NormKind::instance).relu();
  const Chain::Mark shared = chain.mark();
  chain.conv(5, 3, {.border = 1}).norm(NormKind::group, 5);
  chain.binary(net::BinaryKind::add, shared).relu();
  const Chain::Mark sum = chain.mark();
  chain.pool(net::PoolKind::average, 2);
  return chain.from(sum).binary(net::BinaryKind::mul, shared).build();
}

// Wide enough for transformed products, with every view before them and statistics after.
net::Net wide_views(int width, PadMode mode) {
  Chain chain({24, 9, 14}, 1100);
  chain.norm(NormKind::instance).activation(ActivationKind::elu, 1).pad(1, mode);
  chain.conv(width, 3).norm(NormKind::instance).relu();
  const Chain::Mark skip = chain.mark();
  chain.pad({2, 1, 0, 3}, mode, 0.5F).conv(24, 3, {.bias = true});
  chain.activation(ActivationKind::leaky_relu, 0.2F).norm(NormKind::group, 3);
  chain.from(skip).norm(NormKind::layer).upsample(2).pad(1, mode).conv(28, 3, {.bias = true});
  return chain.norm(NormKind::instance).upsample(3).pad(1, mode).conv(25, 3).build();
}

// Products and sums with vectors, before ops that read them while loading and ops that do not.
net::Net scaled_sums() {
  Chain chain({5, 7, 9}, 1200);
  chain.with_vector(net::BinaryKind::mul, 0.5F, 2).with_vector(net::BinaryKind::add, -1, 1);
  chain.with_vector(net::BinaryKind::mul, 0.5F, 2);
  const Chain::Mark first = chain.mark();
  chain.norm(NormKind::instance).relu().with_vector(net::BinaryKind::mul, -2, 2).upsample(2);
  chain.with_vector(net::BinaryKind::add, -1, 1);
  const Chain::Mark second = chain.mark();
  chain.from(first).with_vector(net::BinaryKind::add, -1, 1).upsample(2);
  chain.binary(net::BinaryKind::mul, second).with_vector(net::BinaryKind::mul, 0.5F, 2);
  chain.with_vector(net::BinaryKind::add, -1, 1).pad(1, PadMode::constant).conv(6, 3);
  chain.with_vector(net::BinaryKind::mul, 0.5F, 2).activation(ActivationKind::sigmoid);
  return chain.with_vector(net::BinaryKind::add, -1, 1).build();
}

// Blocks of pixels as channels at both ends, a value that a strided layer and a sum read, and an
// end of two sums of which one reads the picture through a pointwise convolution.
net::Net cells(int channels, int block, PadMode mode, bool column_row) {
  Chain chain({channels, 6 * block, 10 * block}, 1300 + static_cast<std::uint64_t>(block));
  const Chain::Mark image = chain.mark();
  chain.space_to_depth(block).pad(1, mode).conv(16, 3, {.bias = true});
  chain.norm(NormKind::instance).relu();
  const Chain::Mark skip = chain.mark();
  chain.pad(1, mode).conv(32, 3, {.stride = 2}).norm(NormKind::instance).relu().upsample(2);
  chain.pad(1, mode).conv(16, 3).norm(NormKind::instance).relu();
  chain.binary(net::BinaryKind::add, skip).pad(1, mode);
  chain.conv(channels * block * block, 3, {.bias = true}).depth_to_space(block, column_row);
  const Chain::Mark logits = chain.mark();
  chain.from(image).conv(channels, 1).with_vector(net::BinaryKind::mul, 0.5F, 2);
  chain.with_vector(net::BinaryKind::add, -1, 1).binary(net::BinaryKind::add, logits);
  chain.activation(ActivationKind::sigmoid).with_vector(net::BinaryKind::mul, 0.5F, 2);
  const Chain::Mark painting = chain.mark();
  chain.from(image).with_vector(net::BinaryKind::mul, -1, 1);
  return chain.binary(net::BinaryKind::max, painting).build();
}

// Both operands through a pointwise convolution; sums of sums, one of which is read again.
net::Net sums_of_sums() {
  Chain chain({3, 7, 9}, 1400);
  const Chain::Mark image = chain.mark();
  chain.conv(3, 1);
  const Chain::Mark left = chain.mark();
  chain.from(image).conv(3, 1).binary(net::BinaryKind::mul, left);
  chain.binary(net::BinaryKind::add, image).relu().binary(net::BinaryKind::add, left);
  const Chain::Mark sum = chain.mark();
  chain.with_vector(net::BinaryKind::mul, 0.5F, 2).binary(net::BinaryKind::min, sum);
  chain.activation(ActivationKind::elu, 1).binary(net::BinaryKind::sub, image);
  return chain.with_vector(net::BinaryKind::mul, 0.5F, 2).pad(1, PadMode::edge).build();
}

struct Named {
  const char* name;
  net::Net net;
};
std::vector<Named> chains() {
  return {{"style network", style_network(17, 22)},
          {"transposed", transposed_network()},
          {"depthwise", depthwise_network()},
          {"quotients", quotients()},
          {"full views", full_views()},
          {"upsampled 2, 3x3, reflect", upsampled(PadMode::reflect, 2, 3)},
          {"upsampled 2, 3x3, edge", upsampled(PadMode::edge, 2, 3)},
          {"upsampled 2, 3x3, constant", upsampled(PadMode::constant, 2, 3)},
          {"upsampled 2, 5x5", upsampled(PadMode::reflect, 2, 5)},
          {"upsampled 3, 3x3", upsampled(PadMode::reflect, 3, 3)},
          {"own border after upsampling", own_border_after_upsampling()},
          {"upsampled row", upsampled_row()},
          {"reflection beyond the plane", reflection_beyond_the_plane()},
          {"shared values", shared_values()},
          {"scaled sums", scaled_sums()},
          {"cells of 2", cells(3, 2, PadMode::reflect, true)},
          {"cells of 3", cells(4, 3, PadMode::constant, false)},
          {"sums of sums", sums_of_sums()},
          {"wide, reflect", wide_views(32, PadMode::reflect)},
          {"wide, edge", wide_views(32, PadMode::edge)},
          {"wide, constant", wide_views(32, PadMode::constant)},
          {"wider, reflect", wide_views(48, PadMode::reflect)},
          {"wider, edge", wide_views(48, PadMode::edge)},
          {"wider, constant", wide_views(48, PadMode::constant)}};
}

std::vector<bool graph::Fusions::*> switches() {
  using graph::Fusions;
  return {
      &Fusions::norm_into_load, &Fusions::activation_into_load,  &Fusions::upsample_into_load,
      &Fusions::pad_into_load,  &Fusions::activation_into_store, &Fusions::statistics_into_store,
      &Fusions::residual_add,   &Fusions::vector_into_load,      &Fusions::upsample_phases,
      &Fusions::winograd,       &Fusions::cells_into_conv,       &Fusions::matrix_into_load,
      &Fusions::map_into_map,   &Fusions::map_into_store};
}

// Every layer may lose what one may.
void check_chain(const Named& chain, const std::string& name,
                 const graph::CompileOptions& options) {
  const net::Value& in = chain.net.value(chain.net.input);
  const net::Tensor input = random_tensor(in.channels, in.height, in.width, 7, -2, 2);
  const net::Tensor reference = reference_for(options, chain.net, input);
  const bool half = options.precision == graph::Precision::fp16_everywhere;
  const auto layers = static_cast<double>(chain.net.nodes.size());
  const Bound layer = half ? half_bound(reference) : norm_bound(reference);
  expect_result(std::string(chain.name) + ", " + name, chain.net, options, input, reference,
                [&](std::size_t i, double value) { return layers * layer(i, value); });
}

using graph::ConvFamily;
constexpr ConvFamily families[] = {ConvFamily::automatic, ConvFamily::tiled, ConvFamily::generic};

void check_switches(const Named& chain, ConvFamily family, std::size_t variant) {
  for (std::size_t i = 0; i < switches().size(); ++i) {
    graph::CompileOptions options = storage_variant(variant);
    options.family = family;
    options.fusions.*switches()[i] = false;
    check_chain(chain, "without rule " + std::to_string(i), options);
  }
}

graph::CompileOptions options_of(bool fused, ConvFamily family, std::size_t variant) {
  graph::CompileOptions options = storage_variant(variant);
  options.family = family;
  if (!fused) options.fusions = graph::Fusions::none();
  return options;
}

TEST(Fusions, all) {
  std::size_t turn = 0;
  for (const Named& chain : chains()) {
    check_chain(chain, "fused", options_of(true, ConvFamily::automatic, turn++));
  }
}
// Statistics and views through shared memory.
TEST(Fusions, all_in_the_tiled_family) {
  for (const std::size_t i : {0, 4, 5}) {
    const Named chain = chains()[i];
    check_chain(chain, "fused", options_of(true, ConvFamily::tiled, i + 1));
  }
}
TEST(Fusions, none) {
  std::size_t turn = 0;
  for (const Named& chain : chains()) {
    check_chain(chain, "unfused", options_of(false, families[turn % 3], turn));
    ++turn;
  }
}
TEST(Fusions, each_switched_off) {
  check_switches(chains()[0], ConvFamily::automatic, 0);
  check_switches({"cells of 2", cells(3, 2, PadMode::reflect, true)}, ConvFamily::automatic, 0);
}
// The full product; tests/session/CMakeLists.txt runs it in ./test --long.
TEST(Fusions, DISABLED_every_variant) {
  for (const Named& chain : chains()) {
    for (const ConvFamily family : families) {
      for (std::size_t variant = 0; variant < 4; ++variant) {
        check_chain(chain, "fused", options_of(true, family, variant));
        check_chain(chain, "unfused", options_of(false, family, variant));
      }
      check_switches(chain, family, 0);
    }
  }
}

}  // namespace
}  // namespace impasto::test
