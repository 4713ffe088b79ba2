#include "engine/graph/fuse.h"

#include <algorithm>
#include <cassert>
#include <optional>
#include <utility>

#include "engine/graph/lower.h"
#include "engine/graph/lower_conv.h"
#include "engine/graph/lower_phases.h"
#include "engine/graph/readers.h"

namespace impasto::graph {
namespace {

int activation_code(net::ActivationKind kind) {
  return static_cast<int>(kind) + 1;
}
// Infinite where a lane without a channel holds 0, and so left to the map kernel, which clears it.
bool leaves_padding(const net::Activation& op) {
  return op.kind != net::ActivationKind::sqrt && op.kind != net::ActivationKind::reciprocal;
}
static_assert(static_cast<int>(net::ActivationKind::neg) + 1 == abi::ACTIVATION_NEG);
static_assert(static_cast<int>(net::BinaryKind::max) == abi::BINARY_MAX);

// Values that are stored as fp16 (fuse.h).
std::vector<bool> choose_storage(const net::Net& net, Precision precision) {
  if (precision != Precision::fp16) {
    return std::vector<bool>(net.values.size(), precision == Precision::fp16_everywhere);
  }
  const auto convolutions = [](const net::Node& node) {
    return std::holds_alternative<net::Conv>(node.op) ||
                   std::holds_alternative<net::ConvTranspose>(node.op)
               ? 1
               : 0;
  };
  std::vector<int> behind(net.values.size(), 0);
  std::vector<int> ahead(net.values.size(), 0);
  for (const net::Node& node : net.nodes) {
    int& own = behind[static_cast<std::size_t>(node.output)];
    for (const net::ValueId input : node.inputs) {
      own = std::max(own, behind[static_cast<std::size_t>(input)] + convolutions(node));
    }
  }
  for (auto node = net.nodes.rbegin(); node != net.nodes.rend(); ++node) {
    const int own = ahead[static_cast<std::size_t>(node->output)] + convolutions(*node);
    for (const net::ValueId input : node->inputs) {
      int& known = ahead[static_cast<std::size_t>(input)];
      known = std::max(known, own);
    }
  }
  std::vector<bool> half(net.values.size());
  for (std::size_t i = 0; i < half.size(); ++i) half[i] = behind[i] >= 2 && ahead[i] >= 1;
  return half;
}

// A binary op whose result the next one combines with another tensor (Fusions::map_into_map).
struct PendingMap {
  std::size_t node = 0;
  TensorView left;
  MapOperand operand;
  ActivationUse activation;
  ResourceId scale = -1;  // of the result
};

class Walker {
 public:
  Walker(Draft& draft, const net::Net& net)
      : draft_(draft), net_(net), readers_(net), switches_(draft.options().fusions) {
    views_.resize(net.values.size());
    partials_.resize(net.values.size());
    pending_.resize(net.values.size());
    done_.resize(net.nodes.size());
    half_ = choose_storage(net, draft.options().precision);
  }

  TensorRef run(const TensorRef& input) {
    view(net_.input).tensor = input;
    for (std::size_t i = 0; i < net_.nodes.size(); ++i) {
      if (done_[i]) continue;
      node_ = &net_.nodes[i];
      const std::size_t known = draft_.layers.size();
      std::visit([this](const auto& op) { lower(op); }, node_->op);
      for (std::size_t layer = known; layer < draft_.layers.size(); ++layer) {
        if (draft_.layers[layer].node) continue;
        draft_.layers[layer].node = i;
        draft_.layers[layer].position = draft_.passes.size();
      }
    }
    return stored(net_.output);
  }

 private:
  TensorView& view(net::ValueId id) { return views_[static_cast<std::size_t>(id)]; }
  std::optional<PendingMap>& pending(net::ValueId id) {
    return pending_[static_cast<std::size_t>(id)];
  }
  TensorView source(std::size_t index = 0) {
    settle(node_->inputs[index]);
    return view(node_->inputs[index]);
  }

  // What the node stores: its output, or that of the activation that it absorbed.
  TensorRef new_tensor(net::ValueId id) {
    const TensorRef tensor = tensor_of(node_->name, id);
    draft_.layers.push_back({.values = tensor, .activated = id != node_->output});
    return tensor;
  }

  TensorRef tensor_of(const std::string& name, net::ValueId id) {
    const net::Value& value = net_.value(id);
    return draft_.tensor(name, value.channels, value.height, value.width,
                         half_[static_cast<std::size_t>(id)]);
  }

  TensorRef materialize(const TensorView& lazy, const std::string& name) {
    const TensorRef result =
        draft_.tensor(name, lazy.tensor.channels, lazy.height(), lazy.width(), lazy.tensor.half);
    lower_map(draft_, name, lazy, {}, {}, -1, result);
    return result;
  }

  // The value as a stored tensor, computed once for all its readers.
  TensorRef stored(net::ValueId id) {
    settle(id);
    TensorView& lazy = view(id);
    if (!lazy.plain()) lazy = TensorView{.tensor = materialize(lazy, net_.value(id).name)};
    return lazy.tensor;
  }
  TensorView stored_view(net::ValueId id) { return TensorView{.tensor = stored(id)}; }

  // The node's output becomes this view; stored at once when the rule is off or several read it and
  // one of those would store it.
  void define(TensorView lazy, bool rule) {
    view(node_->output) = std::move(lazy);
    const std::size_t readers = readers_.of(node_->output).size();
    if (!rule || (readers > 1 && !all_load(node_->output, view(node_->output)))) {
      stored(node_->output);
    }
  }

  // Whether every reader of a value applies the norm and activation of this view while it loads.
  bool all_load(net::ValueId id, const TensorView& lazy) const {
    if (id == net_.output || lazy.upsample != 1 || !lazy.border.empty()) return false;
    const auto loads = [&](std::size_t reader) {
      const net::Node& node = net_.nodes[reader];
      if (std::holds_alternative<net::Pad>(node.op)) {
        return switches_.pad_into_load && all_load(node.output, lazy);
      }
      if (const auto* op = std::get_if<net::Conv>(&node.op)) {
        return conv_takes_norm(draft_, *op, lazy);
      }
      return std::holds_alternative<net::Binary>(node.op) && switches_.residual_add;
    };
    const auto& readers = readers_.of(id);
    return !readers.empty() && std::all_of(readers.begin(), readers.end(), loads);
  }

  // Rule: an activation that alone reads this node's output is applied by the store; the
  // activation's node is done, and its output is what the store defines.
  StoreUse absorb_store(net::ValueId& output) {
    StoreUse store;
    const auto reader = readers_.only(output);
    if (switches_.activation_into_store && reader) {
      const net::Node& next = net_.nodes[*reader];
      if (const auto* op = std::get_if<net::Activation>(&next.op);
          op && op->kind != net::ActivationKind::prelu && leaves_padding(*op)) {
        store.activation = {activation_code(op->kind), op->a, op->b};
        done_[*reader] = true;
        output = next.output;
      }
    }
    return store;
  }

  bool needs_statistics(net::ValueId id) const {
    for (const std::size_t reader : readers_.of(id)) {
      const auto* norm = std::get_if<net::Norm>(&net_.nodes[reader].op);
      if (norm && norm->kind != net::NormKind::batch_stored) return true;
    }
    return false;
  }

  // What changes values becomes a tensor of its own; upsampling and padding stay in the view.
  TensorView without_values(const TensorView& lazy) {
    if (lazy.keeps_values()) return lazy;
    TensorView values = lazy;
    values.upsample = 1;
    values.pad = abi::PAD_NONE;
    values.border = {};
    TensorView rest = lazy;
    rest.tensor = materialize(values, node_->name + " input");
    rest.norm_table = rest.scale = rest.offset = -1;
    rest.activation = {};
    return rest;
  }

  TensorView with_border(TensorView lazy, const net::Border& border, int pad, float value) {
    if (border.empty()) return lazy;
    if (!lazy.border.empty()) {
      lazy = TensorView{.tensor = materialize(lazy, node_->name + " input")};
    }
    const bool far = std::max(border.top, border.bottom) >= lazy.height() ||
                     std::max(border.left, border.right) >= lazy.width();
    lazy.border = border;
    lazy.pad = pad == abi::PAD_REFLECT && far ? abi::PAD_REFLECT_FAR : pad;
    lazy.pad_value = value;
    return lazy;
  }

  // Rule: a pointwise convolution of few channels is left to the binary op that alone reads it.
  bool takes_matrix(const net::Conv& op) {
    return switches_.matrix_into_load && switches_.residual_add && switches_.vector_into_load &&
           op.kernel == net::Pair{1, 1} && op.stride == net::Pair{1, 1} && op.groups == 1 &&
           op.border.empty() && op.bias == net::none && op.in_channels == op.out_channels &&
           op.in_channels <= 4 && source().plain() && readers_.reach_binary(node_->output, true) &&
           !meets_matrix(node_->output);
  }

  // Whether the binary op that a value reaches already reads another one through a matrix.
  bool meets_matrix(net::ValueId id) {
    const net::Node* node = &net_.nodes[*readers_.only(id)];
    while (!std::holds_alternative<net::Binary>(node->op)) {
      id = node->output;
      node = &net_.nodes[*readers_.only(id)];
    }
    return std::any_of(node->inputs.begin(), node->inputs.end(),
                       [&](net::ValueId input) { return view(input).matrix >= 0; });
  }

  // Rule: depth to space that alone reads a convolution is its store; true if that was lowered.
  bool stored_as_cells(const net::Conv& op, const TensorView& lazy) {
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
    view(output) = TensorView{.tensor = result};
    return true;
  }

  void lower(const net::Conv& op) {
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
    store.statistics = switches_.statistics_into_store && needs_statistics(output) &&
                       conv_reduces(draft_, op, lazy);
    const TensorRef result = new_tensor(output);
    const bool phases = switches_.upsample_phases && upsample_phases_can(draft_, op, lazy);
    partials_[static_cast<std::size_t>(output)] =
        phases ? lower_upsample_phases(draft_, node_->name, op, lazy, result, store)
               : lower_conv(draft_, node_->name, op, lazy, result, store);
    view(output) = TensorView{.tensor = result};
  }

  void lower(const net::ConvTranspose& op) {
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

  void lower(const net::Norm& op) {
    TensorView lazy = source();
    if (!lazy.plain()) lazy = stored_view(node_->inputs[0]);
    std::optional<PartialStatistics> partial;
    if (op.kind != net::NormKind::batch_stored) {
      partial = partials_[static_cast<std::size_t>(node_->inputs[0])];
      if (!partial) partial = lower_statistics(draft_, node_->name, lazy);
    }
    lazy.norm_table = lower_norm_table(draft_, node_->name, op, lazy.tensor.channels, partial);
    draft_.layers.push_back({.values = lazy.tensor, .norm_table = lazy.norm_table});
    define(lazy, switches_.norm_into_load);
  }

  void lower(const net::Activation& op) {
    TensorView lazy = source();
    if (op.kind == net::ActivationKind::prelu) {
      const TensorRef result = new_tensor(node_->output);
      const ResourceId slope =
          draft_.parameter(op.slope, parameter_size(op.slope), lazy.tensor.channels);
      lower_map(draft_, node_->name, lazy, {}, {abi::ACTIVATION_PRELU, 0, 0}, slope, result);
      view(node_->output) = TensorView{.tensor = result};
      return;
    }
    // Nearest upsampling commutes with any function of one value; constant padding does not.
    if (lazy.activation.kind != abi::ACTIVATION_NONE || lazy.has_vectors() ||
        !lazy.border.empty()) {
      lazy = stored_view(node_->inputs[0]);
    }
    lazy.activation = {activation_code(op.kind), op.a, op.b};
    define(lazy, switches_.activation_into_load && leaves_padding(op));
  }

  void lower(const net::Pad& op) {
    static constexpr int codes[] = {abi::PAD_CONSTANT, abi::PAD_REFLECT, abi::PAD_EDGE};
    define(with_border(source(), op.border, codes[static_cast<int>(op.mode)], op.value),
           switches_.pad_into_load);
  }

  void lower(const net::Resize& op) {
    TensorView lazy = source();
    if (op.nearest_factor > 0) {
      if (!lazy.border.empty() || lazy.upsample != 1) lazy = stored_view(node_->inputs[0]);
      lazy.upsample = op.nearest_factor;
      return define(lazy, switches_.upsample_into_load);
    }
    const TensorRef result = new_tensor(node_->output);
    lower_resize(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }

  void lower(const net::Binary& op) {
    if (combined(op)) return;
    const bool lazy = switches_.residual_add;
    TensorView left = lazy ? source(0) : stored_view(node_->inputs[0]);
    TensorView right = lazy ? source(1) : stored_view(node_->inputs[1]);
    if (left.matrix >= 0) std::swap(left, right);  // the kind commutes: takes_matrix
    lower_binary(left, {.view = right, .kind = op.kind});
  }

  void lower(const net::BinaryParameter& op) {
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

  // Rule: a product, and a sum after it, with a vector is left to the map pass that alone reads it.
  bool takes_vector(const TensorView& lazy, const net::BinaryParameter& op) const {
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

  void lower_binary(const TensorView& left, const MapOperand& operand) {
    net::ValueId output = node_->output;
    const StoreUse store = absorb_store(output);
    pending(output) = PendingMap{static_cast<std::size_t>(node_ - net_.nodes.data()), left, operand,
                                 store.activation};
    const bool waits =
        switches_.map_into_map && switches_.residual_add && readers_.reach_binary(output, false);
    if (!waits) settle(output);
  }

  // Appends the pass of a pending binary op, whose result then is a stored tensor.
  void settle(net::ValueId id) {
    if (!pending(id)) return;
    const PendingMap map = *std::exchange(pending(id), std::nullopt);
    const net::Node& node = net_.nodes[map.node];
    const TensorRef result = tensor_of(node.name, id);
    lower_map(draft_, node.name, map.left, map.operand, map.activation, -1, result);
    // Not when its reader is done: the memory may be another's by then.
    draft_.layers.push_back({.node = map.node,
                             .position = draft_.passes.size(),
                             .values = result,
                             .activated = map.activation.kind != abi::ACTIVATION_NONE});
    view(id) = TensorView{.tensor = result};
    view(id).scale = map.scale;
  }

  // Rule: a pending binary op and this one are one pass; true if that was lowered.
  bool combined(const net::Binary& op) {
    for (std::size_t i = 0; i < 2; ++i) {
      auto& map = pending(node_->inputs[i]);
      if (!map || node_->inputs[0] == node_->inputs[1]) continue;
      const TensorView other = source(1 - i);
      TensorView rest = other;
      rest.scale = -1;
      if (!rest.plain()) continue;
      const TensorRef result = new_tensor(node_->output);
      lower_map(draft_, node_->name, map->left, map->operand, map->activation, -1, result,
                {op.kind, map->scale, other.tensor, other.scale});
      map.reset();
      view(node_->output) = TensorView{.tensor = result};
      return true;
    }
    return false;
  }

  void lower(const net::Pool& op) {
    const TensorRef result = new_tensor(node_->output);
    lower_pool(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }
  void lower(const net::GlobalPool& op) {
    const TensorRef result = new_tensor(node_->output);
    lower_global_pool(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }
  void lower(const net::Concat& op) {
    const TensorRef result = new_tensor(node_->output);
    std::vector<TensorView> sources;
    for (const net::ValueId input : node_->inputs) sources.push_back(stored_view(input));
    lower_concat(draft_, node_->name, op, sources, result);
    view(node_->output) = TensorView{.tensor = result};
  }
  void lower(const net::Slice& op) {
    const TensorRef result = new_tensor(node_->output);
    lower_slice(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }
  void lower(const net::DepthToSpace& op) {
    const TensorRef result = new_tensor(node_->output);
    lower_depth_to_space(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }
  // Rule: space to depth is a convolution's load, where that and at most one border alone read it.
  bool loaded_as_cells(const net::SpaceToDepth& op, const TensorView& input) const {
    net::ValueId id = node_->output;
    const auto* pad = readers_.only_as<net::Pad>(id, id);
    if (!pad) id = node_->output;
    const auto* conv = readers_.only_as<net::Conv>(id, id);
    return switches_.cells_into_conv && switches_.pad_into_load && conv && input.plain() &&
           (!pad || conv->border.empty()) && conv_loads_cells(draft_, *conv, input, op.block);
  }

  void lower(const net::SpaceToDepth& op) {
    if (TensorView lazy = source(); loaded_as_cells(op, lazy)) {
      lazy.cells = op.block;
      view(node_->output) = lazy;
      return;
    }
    const TensorRef result = new_tensor(node_->output);
    lower_space_to_depth(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }
  void lower(const net::Constant& op) {
    const net::Value& value = net_.value(node_->output);
    view(node_->output).tensor =
        lower_constant(draft_, node_->name, op, value.channels, value.height, value.width);
  }

  std::size_t parameter_size(net::ParameterId id) const {
    return net_.parameters[static_cast<std::size_t>(id)].value.size();
  }

  Draft& draft_;
  const net::Net& net_;
  const Readers readers_;
  const Fusions& switches_;
  const net::Node* node_ = nullptr;
  std::vector<TensorView> views_;                           // by value
  std::vector<std::optional<PartialStatistics>> partials_;  // by value
  std::vector<std::optional<PendingMap>> pending_;          // by value
  std::vector<bool> done_;                                  // nodes absorbed by an earlier one
  std::vector<bool> half_;                                  // values that are stored as fp16
};

}  // namespace

TensorRef lower_network(Draft& draft, const net::Net& net, const TensorRef& input) {
  return Walker(draft, net).run(input);
}

}  // namespace impasto::graph
