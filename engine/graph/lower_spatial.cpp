#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

constexpr int workgroup = 64;

template <class Constants>
Constants view_constants(const TensorView& view) {
  Constants constants;
  constants.workgroup = workgroup;
  constants.norm = view.norm_table >= 0 ? 1 : 0;
  constants.activation = view.activation.kind;
  constants.pad = view.pad;
  constants.upsample = view.upsample;
  return constants;
}

std::int64_t groups_of(std::int64_t invocations) {
  return (invocations + workgroup - 1) / workgroup;
}

// One word per output row, then one per column; sizes are exact as floats.
ResourceId resize_table(Draft& draft, const std::string& name, const net::Resize& op) {
  std::vector<float> words;
  for (const net::ResizeAxis* axis : {&op.y, &op.x}) {
    for (std::size_t i = 0; i < axis->low.size(); ++i) {
      const bool linear = op.mode == net::ResizeMode::linear;
      words.push_back(static_cast<float>(axis->low[i]));
      words.push_back(static_cast<float>(linear ? axis->high[i] : axis->low[i]));
      words.push_back(linear ? axis->fraction[i] : 0.0F);
      words.push_back(0.0F);
    }
  }
  return draft.constant(name + " axes", words);
}

}  // namespace

void lower_resize(Draft& draft, const std::string& name, const net::Resize& op,
                  const TensorView& source, const TensorRef& result) {
  auto constants = view_constants<abi::ResizeConstants>(source);
  constants.linear = op.mode == net::ResizeMode::linear ? 1 : 0;
  abi::ResizePush push{};
  push.view = view_push(source);
  push.out_height = result.height;
  push.out_width = result.width;
  const ResourceId axes = resize_table(draft, name, op);
  draft.for_plane_windows(result, [&](int first, int count) {
    push.first_plane = first;
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("resize", source.tensor, result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                     draft.table_in(axes), draft.tensor_out(result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(
        groups_of(static_cast<std::int64_t>(result.height) * ((result.width + 3) / 4)), count);
    draft.add(std::move(pass));
  });
}

void lower_pool(Draft& draft, const std::string& name, const net::Pool& op,
                const TensorView& source, const TensorRef& result) {
  auto constants = view_constants<abi::PoolConstants>(source);
  constants.kernel_y = op.kernel.y;
  constants.kernel_x = op.kernel.x;
  constants.stride_y = op.stride.y;
  constants.stride_x = op.stride.x;
  constants.dilation_y = op.dilation.y;
  constants.dilation_x = op.dilation.x;
  constants.average = op.kind == net::PoolKind::average ? 1 : 0;
  constants.count_padding = op.count_include_pad ? 1 : 0;
  abi::PoolPush push{};
  push.view = view_push(source);
  push.in_height = source.height();
  push.in_width = source.width();
  push.padded_bottom = source.height() + op.border.bottom;
  push.padded_right = source.width() + op.border.right;
  push.border_top = op.border.top;
  push.border_left = op.border.left;
  push.out_height = result.height;
  push.out_width = result.width;
  draft.for_plane_windows(result, [&](int first, int count) {
    push.first_plane = first;
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("pool", source.tensor, result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                     draft.tensor_out(result, first, count)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(groups_of(result.plane_texels()), count);
    draft.add(std::move(pass));
  });
}

void lower_global_pool(Draft& draft, const std::string& name, const net::GlobalPool& op,
                       const TensorView& source, const TensorRef& result) {
  DraftPass pass;
  pass.name = name;
  if (op.kind == net::PoolKind::max) {
    abi::GlobalMaxPush push{};
    push.view = view_push(source);
    push.height = source.height();
    push.width = source.width();
    pass.kernel = draft.tensor_kernel("global_max", source.tensor, result);
    pass.constants = constant_words(view_constants<abi::GlobalMaxConstants>(source));
    pass.bindings = {draft.tensor_in(source.tensor), draft.table_in(source.norm_table),
                     draft.tensor_out(result)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups(result.planes(), 1);
  } else {
    // The mean of a norm over one channel each: the statistics path's accuracy, whatever the size.
    const PartialStatistics partial = lower_statistics(draft, name, source);
    const ResourceId table =
        lower_norm_table(draft, name, net::Norm{}, source.tensor.channels, partial);
    pass.kernel = draft.tensor_kernel("table_mean", result, result);
    pass.constants = {workgroup};
    pass.bindings = {draft.table_in(table), draft.tensor_out(result)};
    pass.push = push_bytes(abi::TableMeanPush{result.planes()});
    pass.groups = draft.groups(groups_of(result.planes()), 1);
  }
  draft.add(std::move(pass));
}

}  // namespace impasto::graph
