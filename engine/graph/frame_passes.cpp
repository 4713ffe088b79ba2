#include "engine/graph/frame_passes.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "engine/graph/frame_color.h"
#include "engine/graph/frame_layout.h"
#include "shaders/frame_abi.h"

namespace impasto::graph {
namespace {

std::uint32_t group_count(int items, int workgroup) {
  return static_cast<std::uint32_t>((items + workgroup - 1) / workgroup);
}

/// Lanes that share out a row of so many items. A CPU driver takes as long to begin a workgroup as
/// for dozens of operations of it, and works for lanes past the row's end as for others.
int row_workgroup(const Draft& draft, int items) {
  if (!draft.device().software) return 32;
  const int step = draft.lanes();
  const auto lanes = [&](int workgroup) { return (items + workgroup - 1) / workgroup * workgroup; };
  int best = 64;
  for (int workgroup = best - step; workgroup >= 32; workgroup -= step) {
    if (lanes(workgroup) < lanes(best)) best = workgroup;
  }
  return best;
}

void copy_matrix(const ColorMatrix& from, float (&to)[12]) {
  std::transform(from.begin(), from.end(), to, [](double x) { return static_cast<float>(x); });
}

int words(std::uint64_t bytes) {
  return static_cast<int>(bytes / 4);
}

/// As shaders/lib/gather_aligned.glsl wants a frame that is not scaled.
bool aligned(const video::FrameFormat& source, const FrameGeometry& geometry,
             const abi::IngestConstants& samples) {
  const bool subsampled = samples.log2_x + samples.log2_y != 0;
  const bool plain_chroma = !subsampled && samples.step1 == 1 && samples.step2 == 1;
  const bool between = samples.log2_x == 1 && samples.log2_y <= 1 &&
                       samples.step1 == samples.step2 && samples.step1 <= 2 &&
                       (samples.step1 == 1 || samples.plane1 == samples.plane2);
  return samples.unscaled != 0 && geometry.network_width == source.width && source.width % 4 == 0 &&
         samples.step0 == 1 && (samples.plane1 < 0 || plain_chroma || between) &&
         (samples.plane3 < 0 || samples.step3 == 1);
}

/// One ingest pass into `target`, a tensor of geometry's size stored by `kernel`'s variant.
void add_ingest(Draft& draft, const std::string& name, const video::FrameFormat& source,
                const FrameGeometry& geometry, bool with_alpha, const net::ValueRange& range,
                const std::string& kernel, const DraftBinding& target) {
  abi::IngestConstants constants;
  const int quads = (geometry.network_width + 3) / 4;
  constants.workgroup = row_workgroup(draft, quads);
  describe_samples(source, constants);
  if (!with_alpha) constants.plane3 = -1;
  constants.unscaled =
      geometry.content_height == source.height && geometry.content_width == source.width ? 1 : 0;
  constants.aligned = aligned(source, geometry, constants) ? 1 : 0;

  const FrameLayout layout = plan_layout(source);
  abi::IngestPush push{};
  for (std::size_t plane = 0; plane < 4; ++plane) {
    push.plane_word[plane] = words(layout.planes[plane].offset);
    push.plane_pitch[plane] = words(layout.planes[plane].pitch);
  }
  copy_matrix(codes_to_rgb(source), push.matrix);
  if (with_alpha && source.layout.has_alpha()) {
    push.alpha_scale = 1.0F / static_cast<float>(constants.maximum);
  } else if (with_alpha) {
    push.alpha_bias = 1;
  }
  push.low = range.low;
  push.high = range.high;
  push.source_height = source.height;
  push.source_width = source.width;
  push.width = geometry.network_width;
  push.content_height = geometry.content_height;
  push.content_width = geometry.content_width;

  DraftPass pass;
  pass.name = name;
  pass.kernel = kernel;
  pass.constants = constant_words(constants);
  pass.bindings = {draft.words_in(draft.frame_in(layout.bytes)), target};
  pass.push = push_bytes(push);
  pass.rows_in_y = true;
  pass.groups = {group_count(quads, constants.workgroup),
                 static_cast<std::uint32_t>(geometry.network_height), 1};
  draft.add(std::move(pass));
}

/// Samples with a weight under `pixels` neighbours of `count` over `size` samples, at most: as
/// rescale.comp has it.
int samples_under(int pixels, int count, int size) {
  const double ratio = static_cast<double>(size) / count;
  const double reach = count > size ? 1.5 : std::max(1.0, ratio) / 2;
  // One more than whole by a rounding error would be a sample of no weight.
  return static_cast<int>(std::ceil((pixels - 1) * ratio + 2 * reach + 1 - 1e-6));
}

TensorRef add_rescale(Draft& draft, const TensorRef& source, const FrameGeometry& geometry,
                      const video::FrameFormat& output, const net::ValueRange& range) {
  const TensorRef result =
      draft.tensor("rescaled", source.channels, output.height, output.width, source.half);
  abi::RescaleConstants constants;
  const int quads = (output.width + 3) / 4;
  constants.workgroup = row_workgroup(draft, quads);
  constants.grow_y = output.height > geometry.content_height ? 1 : 0;
  constants.grow_x = output.width > geometry.content_width ? 1 : 0;
  constants.rows = samples_under(1, output.height, geometry.content_height);
  constants.columns = samples_under(4, output.width, geometry.content_width);
  abi::RescalePush push{};
  push.source_row_stride = source.width;
  push.source_height = geometry.content_height;
  push.source_width = geometry.content_width;
  push.height = output.height;
  push.width = output.width;
  push.low = range.low;
  push.high = range.high;
  DraftPass pass;
  pass.name = "rescale";
  pass.kernel = draft.tensor_kernel("rescale", source, result);
  pass.constants = constant_words(constants);
  pass.bindings = {draft.tensor_in(source), draft.tensor_out(result)};
  pass.push = push_bytes(push);
  pass.rows_in_y = true;
  pass.groups = {group_count(quads, constants.workgroup), static_cast<std::uint32_t>(output.height),
                 1};
  draft.add(std::move(pass));
  return result;
}

}  // namespace

FrameGeometry plan_geometry(const video::FrameFormat& format, int wanted_height, int size_multiple,
                            int minimum) {
  assert(format.width > 0 && format.height > 0 && wanted_height >= 0);
  FrameGeometry result;
  result.content_height = wanted_height > 0 ? wanted_height : format.height;
  result.content_width =
      std::max(1, static_cast<int>(std::lround(static_cast<double>(format.width) *
                                               result.content_height / format.height)));
  const int multiple = std::max(1, size_multiple);
  const auto pad = [&](int size) {
    return (std::max(size, minimum) + multiple - 1) / multiple * multiple;
  };
  result.network_height = pad(result.content_height);
  result.network_width = pad(result.content_width);
  return result;
}

TensorRef lower_ingest(Draft& draft, const video::FrameFormat& source,
                       const FrameGeometry& geometry, const net::ValueRange& range) {
  const TensorRef result = draft.tensor("input", 3, geometry.network_height, geometry.network_width,
                                        draft.options().precision == Precision::fp16_everywhere);
  add_ingest(draft, "ingest", source, geometry, false, range,
             draft.tensor_kernel("ingest", result, result), draft.tensor_out(result));
  return result;
}

void lower_emit(Draft& draft, const TensorRef& result, const video::FrameFormat& source,
                const video::FrameFormat& output, const FrameGeometry& geometry,
                const net::ValueRange& range, bool with_source) {
  assert(result.channels == 1 || result.channels == 3);
  const bool same_layout = source == output;
  TensorRef picture = result;
  if (geometry.content_height != output.height || geometry.content_width != output.width) {
    picture = add_rescale(draft, result, geometry, output, range);
  }
  abi::EmitConstants constants;
  describe_samples(output, constants);
  constants.keep = output.layout.component_count < 3 ? abi::KEEP_NOTHING
                   : output.layout.rgb || output.color.matrix == video::Matrix::identity
                       ? abi::KEEP_DIFFERENCES
                       : abi::KEEP_CHROMA;
  // The source in the network's domain, in fp32 whatever activations are stored in: all of it where
  // the formats differ, its colours where the output has no chroma component to keep.
  ResourceId source_tensor = -1;
  if (!same_layout || constants.keep == abi::KEEP_DIFFERENCES) {
    source_tensor = draft.table("source", static_cast<std::uint64_t>(output.height) *
                                              static_cast<std::uint64_t>(output.width));
    add_ingest(draft, "ingest source", source,
               {output.height, output.width, output.height, output.width}, true, {0, 1},
               draft.table_kernel("ingest"), draft.table_out(source_tensor));
  }

  constants.same_layout = same_layout ? 1 : 0;
  constants.source_tensor = source_tensor >= 0 ? 1 : 0;
  constants.splat = result.channels == 1 ? 1 : 0;
  abi::EmitPush push{};
  copy_matrix(rgb_to_codes(output), push.matrix);
  const std::array<double, 3> luma = luma_weights(output.color.matrix);
  for (std::size_t i = 0; i < 3; ++i) push.luma[i] = static_cast<float>(luma[i]);
  push.low = range.low;
  push.scale = 1.0F / (range.high - range.low);
  push.row_stride = picture.width;
  push.height = output.height;
  push.width = output.width;

  const FrameLayout layout = plan_layout(output);
  const ResourceId frame_in = draft.frame_in(plan_layout(source).bytes);
  const ResourceId frame_out = draft.frame_out(layout.bytes * (with_source ? 2 : 1));
  std::uint32_t blocks = 0;  // that cover whole rows of every plane, the bytes after them included
  for (int i = 0; i < output.layout.component_count; ++i) {
    const video::Component& component = output.layout.components[static_cast<std::size_t>(i)];
    const PlanePlacement& placement = layout.planes[static_cast<std::size_t>(component.plane)];
    push.plane_word[component.plane] = words(placement.offset);
    push.plane_pitch[component.plane] = words(placement.pitch);
    const int samples = abi::EMIT_CELLS << (is_chroma(output.layout, i) ? 0 : constants.log2_x);
    blocks =
        std::max(blocks, group_count(static_cast<int>(placement.pitch), samples * component.step));
  }
  constants.workgroup = row_workgroup(draft, static_cast<int>(blocks));
  const auto add_picture = [&](const std::string& name, ResourceId live, std::uint64_t offset) {
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("emit", picture, picture);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(picture),
                     draft.table_in(source_tensor),
                     draft.table_in(live),
                     {frame_in, Access::storage_read, TexelFormat::none, 0, 0},
                     {frame_out, Access::storage_write, TexelFormat::none, offset, layout.bytes}};
    pass.push = push_bytes(push);
    pass.rows_in_y = true;
    pass.groups = {group_count(static_cast<int>(blocks), constants.workgroup),
                   group_count(output.height, 1 << constants.log2_y), 1};
    draft.add(std::move(pass));
  };
  add_picture("emit", draft.live_values(), 0);
  if (with_source) {
    const std::array<float, 4> nothing{};  // LiveValues of strength 0
    add_picture("emit source", draft.constant("strength 0", nothing), layout.bytes);
  }
}

}  // namespace impasto::graph
