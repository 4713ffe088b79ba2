#include <algorithm>
#include <array>
#include <utility>

#include "engine/graph/conv_families.h"
#include "engine/graph/lower_conv.h"

namespace impasto::graph {
namespace {

constexpr std::array<std::pair<ConvKernel, const char*>, 5> kernel_names{{
    {ConvKernel::winograd, "winograd"},
    {ConvKernel::shuffle, "shuffle"},
    {ConvKernel::tiled, "tiled"},
    {ConvKernel::depthwise, "depthwise"},
    {ConvKernel::generic, "generic"},
}};

std::string pair_text(const net::Pair& pair) {
  return std::to_string(pair.y) + "x" + std::to_string(pair.x);
}

std::string variant_text(const ConvVariant& variant) {
  const auto name =
      std::ranges::find(kernel_names, variant.kernel, [](auto& e) { return e.first; });
  if (variant.tile_side != ConvVariant{}.tile_side) {
    return name->second + (":" + pair_text({variant.tile_side, variant.tile_side}));
  }
  return name->second + (variant.tiled_shape.empty() ? "" : ":" + variant.tiled_shape);
}

ConvVariant built_in_choice(const Draft& draft, const net::Conv& op, const TensorView& source) {
  if (depthwise_can(op)) return {ConvKernel::depthwise, {}};
  const bool shuffle = shuffle_can(draft, op, source);
  const bool tiled = tiled_can(draft, op, source);
  if (draft.device().software) {
    const std::vector<int> sides = winograd_sides(draft, op, source);
    if (winograd_pays(op) && !sides.empty()) return {ConvKernel::winograd, {}, sides.front()};
    if (shuffle) return {ConvKernel::shuffle, {}};
    return {tiled ? ConvKernel::tiled : ConvKernel::generic, {}};
  }
  if (tiled) return {ConvKernel::tiled, {}};
  return {shuffle ? ConvKernel::shuffle : ConvKernel::generic, {}};
}

// What may win: `generic` never does where another can, nor do tiles in shared memory on a CPU
// whose driver has subgroup shuffles.
std::vector<ConvVariant> variants_of(const Draft& draft, const net::Conv& op,
                                     const TensorView& source) {
  const ConvVariant built_in = built_in_choice(draft, op, source);
  std::vector<ConvVariant> variants{built_in};
  if (built_in.kernel == ConvKernel::depthwise) return variants;
  const auto add = [&](const ConvVariant& variant) {
    if (variant_text(variant) != variant_text(built_in)) variants.push_back(variant);
  };
  for (const int side : winograd_sides(draft, op, source)) add({ConvKernel::winograd, {}, side});
  const bool shuffle = shuffle_can(draft, op, source);
  if (shuffle) add({ConvKernel::shuffle, {}});
  if (draft.device().software && shuffle) return variants;
  for (std::string& shape : tiled_shapes_of(draft, op)) {
    variants.push_back({ConvKernel::tiled, std::move(shape)});
  }
  return variants;
}

// Not whether a norm or an activation is in the view: that follows from the choice.
std::string shape_text(const net::Conv& op, const TensorView& source) {
  std::string text = pair_text(op.kernel);
  if (op.stride != net::Pair{1, 1}) text += " stride " + pair_text(op.stride);
  if (op.dilation != net::Pair{1, 1}) text += " dilation " + pair_text(op.dilation);
  text += " " + std::to_string(op.in_channels) + "->" + std::to_string(op.out_channels);
  if (op.groups != 1) text += " groups " + std::to_string(op.groups);
  if (source.upsample != 1) text += " upsampled " + std::to_string(source.upsample);
  if (source.tensor.half) text += " fp16";
  return text + " at " + std::to_string(source.tensor.width) + "x" +
         std::to_string(source.tensor.height);
}

}  // namespace

ConvVariant choose_conv(const Draft& draft, const net::Conv& op, const TensorView& source) {
  const CompileOptions& options = draft.options();
  if (options.family != ConvFamily::automatic) {
    if (depthwise_can(op) && options.family != ConvFamily::generic) {
      return {ConvKernel::depthwise, {}};
    }
    if (options.family == ConvFamily::shuffle && shuffle_can(draft, op, source)) {
      return {ConvKernel::shuffle, {}};
    }
    if (options.family == ConvFamily::tiled && tiled_can(draft, op, source)) {
      return {ConvKernel::tiled, options.tiled_shape};
    }
    return {};
  }
  const auto chosen = options.conv_choices.find(shape_text(op, source));
  if (chosen != options.conv_choices.end()) {
    for (const ConvVariant& variant : variants_of(draft, op, source)) {
      if (variant_text(variant) == chosen->second) return variant;
    }
  }
  return built_in_choice(draft, op, source);
}

void note_conv_layer(Draft& draft, const net::Conv& op, const TensorView& source) {
  const std::string shape = shape_text(op, source);
  if (std::ranges::find(draft.convolutions, shape, &ConvLayer::shape) != draft.convolutions.end()) {
    return;
  }
  ConvLayer layer{shape, variant_text(choose_conv(draft, op, source)), {}};
  for (const ConvVariant& variant : variants_of(draft, op, source)) {
    layer.kernels.push_back(variant_text(variant));
  }
  draft.convolutions.push_back(std::move(layer));
}

std::string wide_layer_family(const CompileOptions& options) {
  Draft draft(options);
  net::Conv op;
  op.in_channels = op.out_channels = 128;
  op.kernel = {3, 3};
  const TensorView source{.tensor = draft.tensor("source", op.in_channels, 64, 64, false)};
  return variant_text(choose_conv(draft, op, source));
}

}  // namespace impasto::graph
