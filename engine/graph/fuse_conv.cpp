#include <algorithm>

#include "engine/graph/fuse_walker.h"
#include "engine/graph/lower_conv.h"
#include "engine/graph/lower_phases.h"

namespace impasto::graph {

bool Walker::takes_matrix(const net::Conv& op) {
  return switches_.matrix_into_load && switches_.residual_add && switches_.vector_into_load &&
         op.kernel == net::Pair{1, 1} && op.stride == net::Pair{1, 1} && op.groups == 1 &&
         op.border.empty() && op.bias == net::none && op.in_channels == op.out_channels &&
         op.in_channels <= 4 && source().plain() && readers_.reach_binary(node_->output, true) &&
         !meets_matrix(node_->output);
}

bool Walker::meets_matrix(net::ValueId id) {
  const net::Node* node = &net_.nodes[*readers_.only(id)];
  while (!std::holds_alternative<net::Binary>(node->op)) {
    id = node->output;
    node = &net_.nodes[*readers_.only(id)];
  }
  return std::any_of(node->inputs.begin(), node->inputs.end(),
                     [&](net::ValueId input) { return view(input).matrix >= 0; });
}

bool Walker::stored_as_cells(const net::Conv& op, const TensorView& lazy) {
  net::ValueId output = node_->output;
  const auto* next = readers_.only_as<net::DepthToSpace>(node_->output, output);
  if (!switches_.cells_into_conv || !next || !conv_stores_cells(draft_, op, lazy, *next)) {
    return false;
  }
  std::vector<float> bias;
  if (op.bias != net::none) {
    const net::Parameter& parameter = net_.parameters[static_cast<std::size_t>(op.bias)];
    if (parameter.from_style) return false;
    bias = parameter.value;
  }
  done_[*readers_.only(node_->output)] = true;
  const TensorRef result = tensor_of(node_->name, output);
  lower_conv_cells(draft_, node_->name, op, lazy, *next, bias, result);
  stored_cells_ = readers_.only(output) ? result.resource : -1;
  view(output) = TensorView{.tensor = result};
  return true;
}

void Walker::lower(const net::Conv& op) {
  if (takes_matrix(op)) {
    TensorView lazy = source();
    lazy.matrix = draft_.constant(node_->name + " columns", pack_dense(op));
    view(node_->output) = lazy;
    return;
  }
  TensorView lazy = with_border(source(), op.border, abi::PAD_CONSTANT, 0);
  if (lazy.has_vectors() || !conv_takes_norm(draft_, op, lazy)) lazy = without_values(lazy);
  if (stored_as_cells(op, lazy)) return;
  net::ValueId output = node_->output;
  StoreUse store = absorb_store(output);
  store.statistics =
      switches_.statistics_into_store && needs_statistics(output) && conv_reduces(draft_, op, lazy);
  const TensorRef result = new_tensor(output);
  const bool phases = switches_.upsample_phases && upsample_phases_can(draft_, op, lazy);
  partials_[static_cast<std::size_t>(output)] =
      phases ? lower_upsample_phases(draft_, node_->name, op, lazy, result, store)
             : lower_conv(draft_, node_->name, op, lazy, result, store);
  view(output) = TensorView{.tensor = result};
}

void Walker::lower(const net::ConvTranspose& op) {
  net::ValueId output = node_->output;
  StoreUse store = absorb_store(output);
  const TensorRef result = new_tensor(output);
  const TensorView lazy = without_values(stored_view(node_->inputs[0]));
  if (transpose_phases_can(draft_, op, lazy)) {
    store.statistics = switches_.statistics_into_store && needs_statistics(output);
    partials_[static_cast<std::size_t>(output)] =
        lower_transpose_phases(draft_, node_->name, op, lazy, result, store);
  } else {
    lower_conv_transpose(draft_, node_->name, op, lazy, result, store);
  }
  view(output) = TensorView{.tensor = result};
}

bool Walker::loaded_as_cells(const net::SpaceToDepth& op, const TensorView& input) const {
  net::ValueId id = node_->output;
  const auto* pad = readers_.only_as<net::Pad>(id, id);
  if (!pad) id = node_->output;
  const auto* conv = readers_.only_as<net::Conv>(id, id);
  return switches_.cells_into_conv && switches_.pad_into_load && conv && input.plain() &&
         (!pad || conv->border.empty()) && conv_loads_cells(draft_, *conv, input, op.block);
}

void Walker::lower(const net::SpaceToDepth& op) {
  if (TensorView lazy = source(); loaded_as_cells(op, lazy)) {
    lazy.cells = op.block;
    view(node_->output) = lazy;
    return;
  }
  lower_stored(op, lower_space_to_depth);
}

void Walker::lower(const net::DepthToSpace& op) {
  lower_stored(op, lower_depth_to_space);
}

}  // namespace impasto::graph
