#include <cassert>

#include "engine/graph/lower.h"

namespace impasto::graph {
namespace {

// Broadcasting: stride 0 along an axis that the tensor has once and the result more often.
abi::View broadcast_push(const TensorView& view, const TensorRef& result) {
  abi::View push = view_push(view);
  if (view.tensor.planes() == 1 && result.planes() > 1) push.plane_stride = 0;
  if (view.height() == 1 && result.height > 1) push.row_stride = 0;
  if (view.width() == 1 && result.width > 1) push.column_stride = 0;
  return push;
}

int splat(const TensorView& view, const TensorRef& result) {
  return view.tensor.channels == 1 && result.channels > 1 ? 1 : 0;
}

bool same_texels(const TensorView& view, const TensorRef& result) {
  const TensorRef& tensor = view.tensor;
  return tensor.resource >= 0 && view.cells == 1 && view.upsample == 1 && view.border.empty() &&
         tensor.planes() == result.planes() && tensor.height == result.height &&
         tensor.width == result.width && tensor.half == result.half;
}

int lanes_used(const TensorRef& result) {
  if (result.channels % 4 == 0) return 4;
  return result.planes() == 1 ? result.channels : 0;
}

}  // namespace

void lower_map(Draft& draft, const std::string& name, const TensorView& source,
               const MapOperand& operand, const ActivationUse& activation, ResourceId slope,
               const TensorRef& result, const MapThen& then) {
  assert(source.matrix < 0 && source.cells == 1);
  abi::MapConstants constants;
  constants.workgroup = 64;
  constants.norm = source.norm_table >= 0 ? 1 : 0;
  constants.activation = source.activation.kind;
  constants.pad = source.pad;
  constants.upsample = source.upsample;
  constants.splat = splat(source, result);
  constants.scale = source.scale >= 0 ? 1 : 0;
  constants.offset = source.offset >= 0 ? 1 : 0;
  constants.out_activation = activation.kind;
  constants.binary = static_cast<int>(operand.kind);
  constants.lanes_used = lanes_used(result);

  abi::MapPush push{};
  push.view = broadcast_push(source, result);
  push.out_plane_stride = result.plane_texels();
  push.out_row_stride = result.width;
  push.height = result.height;
  push.width = result.width;
  push.channels = result.channels;
  push.a = activation.a;
  push.b = activation.b;
  TensorView other;
  if (operand.view) {
    constants.operand = abi::OPERAND_TENSOR;
    constants.operand_norm = operand.view->norm_table >= 0 ? 1 : 0;
    constants.operand_activation = operand.view->activation.kind;
    constants.operand_pad = operand.view->pad;
    constants.operand_upsample = operand.view->upsample;
    constants.operand_splat = splat(*operand.view, result);
    constants.operand_half = !draft.options().texel_reads && operand.view->tensor.half ? 1 : 0;
    constants.operand_scale = operand.view->scale >= 0 ? 1 : 0;
    constants.operand_offset = operand.view->offset >= 0 ? 1 : 0;
    constants.operand_matrix = operand.view->matrix >= 0 ? operand.view->tensor.channels : 0;
    push.operand = broadcast_push(*operand.view, result);
    other = *operand.view;
  } else if (operand.parameter >= 0) {
    constants.operand = operand.reversed ? abi::OPERAND_PARAMETER_REVERSED : abi::OPERAND_PARAMETER;
  }

  if (then.tensor.resource >= 0) {
    constants.then = 1 + static_cast<int>(then.kind);
    constants.then_scale = then.scale >= 0 ? 1 : 0;
    constants.then_operand_scale = then.tensor_scale >= 0 ? 1 : 0;
    constants.then_operand_again =
        same_texels(other, result) && other.tensor.resource == then.tensor.resource ? 1 : 0;
    constants.then_half = !draft.options().texel_reads && then.tensor.half ? 1 : 0;
  }

  const std::int64_t quads = static_cast<std::int64_t>(result.height) * ((result.width + 3) / 4);
  draft.for_plane_windows(result, [&](int first, int count) {
    push.first_plane = first;
    DraftPass pass;
    pass.name = name;
    pass.kernel = draft.tensor_kernel("map", source.tensor, result);
    pass.constants = constant_words(constants);
    pass.bindings = {draft.tensor_in(source.tensor),
                     draft.table_in(source.norm_table),
                     draft.tensor_in(other.tensor),
                     draft.table_in(other.norm_table),
                     draft.table_in(operand.parameter),
                     draft.table_in(slope),
                     draft.table_in(source.scale),
                     draft.table_in(source.offset),
                     draft.table_in(other.scale),
                     draft.table_in(other.offset),
                     draft.tensor_out(result, first, count),
                     draft.table_in(then.scale),
                     draft.tensor_in(then.tensor),
                     draft.table_in(then.tensor_scale),
                     draft.table_in(other.matrix)};
    pass.push = push_bytes(push);
    pass.groups = draft.groups((quads + 63) / 64, count);
    if (count == result.planes()) {
      for (const TensorView& view : {source, other, TensorView{.tensor = then.tensor}}) {
        if (same_texels(view, result)) pass.replaceable.push_back(view.tensor.resource);
      }
    }
    draft.add(std::move(pass));
  });
}

}  // namespace impasto::graph
