#include <utility>

#include "engine/graph/fuse_walker.h"
#include "engine/graph/lower_conv.h"

namespace impasto::graph {

void Walker::lower(const net::Binary& op) {
  if (combined(op)) return;
  const bool lazy = switches_.residual_add;
  TensorView left = lazy ? source(0) : stored_view(node_->inputs[0]);
  TensorView right = lazy ? source(1) : stored_view(node_->inputs[1]);
  if (left.matrix >= 0) std::swap(left, right);  // the kind commutes: takes_matrix
  lower_binary(left, {.view = right, .kind = op.kind});
}

void Walker::lower(const net::BinaryParameter& op) {
  const net::Value& value = net_.value(node_->output);
  const ResourceId operand =
      draft_.parameter(op.operand, parameter_size(op.operand), value.channels);
  // Kept pending only where this product can be taken (Readers::reach_binary).
  if (auto& map = pending(node_->inputs[0]); map) {
    map->scale = operand;
    pending(node_->output) = std::exchange(map, std::nullopt);
    return;
  }
  if (TensorView lazy = source(); takes_vector(lazy, op)) {
    (op.kind == net::BinaryKind::mul ? lazy.scale : lazy.offset) = operand;
    return define(lazy, true);
  }
  lower_binary(source(), {.parameter = operand, .reversed = op.reversed, .kind = op.kind});
}

bool Walker::takes_vector(const TensorView& lazy, const net::BinaryParameter& op) const {
  const auto reader = readers_.only(node_->output);
  if (!switches_.vector_into_load || !reader || !lazy.border.empty()) return false;
  const net::Op& next = net_.nodes[*reader].op;
  const bool map = std::holds_alternative<net::Binary>(next) ||
                   std::holds_alternative<net::BinaryParameter>(next);
  const bool free = op.kind == net::BinaryKind::mul   ? !lazy.has_vectors()
                    : op.kind == net::BinaryKind::add ? lazy.offset < 0
                                                      : false;
  return map && free && lazy.tensor.channels == net_.value(node_->output).channels &&
         lazy.height() == net_.value(node_->output).height &&
         lazy.width() == net_.value(node_->output).width;
}

void Walker::lower_binary(const TensorView& left, const MapOperand& operand) {
  net::ValueId output = node_->output;
  const StoreUse store = absorb_store(output);
  pending(output) = PendingMap{static_cast<std::size_t>(node_ - net_.nodes.data()), left, operand,
                               store.activation};
  const bool waits =
      switches_.map_into_map && switches_.residual_add && readers_.reach_binary(output, false);
  if (!waits) settle(output);
}

void Walker::add_map(const std::string& name, const TensorView& left, const MapOperand& operand,
                     const ActivationUse& activation, const TensorRef& result,
                     const MapThen& then) {
  const bool alone = stored_cells_ >= 0 && left.tensor.resource == stored_cells_;
  if (alone && switches_.map_into_store &&
      map_is_store(draft_, left, operand, activation, result, then)) {
    return;
  }
  lower_map(draft_, name, left, operand, activation, -1, result, then);
}

void Walker::settle(net::ValueId id) {
  if (!pending(id)) return;
  const PendingMap map = *std::exchange(pending(id), std::nullopt);
  const net::Node& node = net_.nodes[map.node];
  const TensorRef result = tensor_of(node.name, id);
  add_map(node.name, map.left, map.operand, map.activation, result);
  // Not when its reader is done: the memory may be another's by then.
  draft_.layers.push_back({.node = map.node,
                           .position = draft_.passes.size(),
                           .values = result,
                           .activated = map.activation.kind != abi::ACTIVATION_NONE});
  view(id) = TensorView{.tensor = result};
  view(id).scale = map.scale;
}

bool Walker::combined(const net::Binary& op) {
  for (std::size_t i = 0; i < 2; ++i) {
    auto& map = pending(node_->inputs[i]);
    if (!map || node_->inputs[0] == node_->inputs[1]) continue;
    const TensorView other = source(1 - i);
    TensorView rest = other;
    rest.scale = -1;
    if (!rest.plain()) continue;
    const TensorRef result = new_tensor(node_->output);
    add_map(node_->name, map->left, map->operand, map->activation, result,
            {op.kind, map->scale, other.tensor, other.scale});
    map.reset();
    view(node_->output) = TensorView{.tensor = result};
    return true;
  }
  return false;
}

}  // namespace impasto::graph
