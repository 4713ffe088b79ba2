#include "engine/graph/fuse.h"

#include <algorithm>

#include "engine/graph/fuse_walker.h"
#include "engine/graph/half_storage.h"
#include "engine/graph/lower_conv.h"

namespace impasto::graph {

namespace {

int activation_code(net::ActivationKind kind) {
  return static_cast<int>(kind) + 1;
}
// Not so where a lane without a channel, which holds 0, would become infinite: such a function is
// left to the map kernel, which clears it.
bool leaves_padding(const net::Activation& op) {
  return op.kind != net::ActivationKind::sqrt && op.kind != net::ActivationKind::reciprocal;
}
static_assert(static_cast<int>(net::ActivationKind::neg) + 1 == abi::ACTIVATION_NEG);
static_assert(static_cast<int>(net::BinaryKind::max) == abi::BINARY_MAX);

}  // namespace

Walker::Walker(Draft& draft, const net::Net& net)
    : draft_(draft), net_(net), readers_(net), switches_(draft.options().fusions) {
  views_.resize(net.values.size());
  partials_.resize(net.values.size());
  pending_.resize(net.values.size());
  done_.resize(net.nodes.size());
  half_ = choose_half_storage(net, draft.options().precision);
}

TensorRef Walker::run(const TensorRef& input) {
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

TensorView Walker::source(std::size_t index) {
  settle(node_->inputs[index]);
  return view(node_->inputs[index]);
}

TensorRef Walker::new_tensor(net::ValueId id) {
  const TensorRef tensor = tensor_of(node_->name, id);
  draft_.layers.push_back({.values = tensor, .activated = id != node_->output});
  return tensor;
}

TensorRef Walker::tensor_of(const std::string& name, net::ValueId id) {
  const net::Value& value = net_.value(id);
  return draft_.tensor(name, value.channels, value.height, value.width,
                       half_[static_cast<std::size_t>(id)]);
}

TensorRef Walker::materialize(const TensorView& lazy, const std::string& name) {
  const TensorRef result =
      draft_.tensor(name, lazy.tensor.channels, lazy.height(), lazy.width(), lazy.tensor.half);
  lower_map(draft_, name, lazy, {}, {}, -1, result);
  return result;
}

TensorRef Walker::stored(net::ValueId id) {
  settle(id);
  TensorView& lazy = view(id);
  if (!lazy.plain()) lazy = TensorView{.tensor = materialize(lazy, net_.value(id).name)};
  return lazy.tensor;
}

TensorView Walker::stored_view(net::ValueId id) {
  return TensorView{.tensor = stored(id)};
}

void Walker::define(TensorView lazy, bool rule) {
  view(node_->output) = std::move(lazy);
  const std::size_t readers = readers_.of(node_->output).size();
  if (!rule || (readers > 1 && !all_load(node_->output, view(node_->output)))) {
    stored(node_->output);
  }
}

bool Walker::all_load(net::ValueId id, const TensorView& lazy) const {
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

StoreUse Walker::absorb_store(net::ValueId& output) {
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

bool Walker::needs_statistics(net::ValueId id) const {
  for (const std::size_t reader : readers_.of(id)) {
    const auto* norm = std::get_if<net::Norm>(&net_.nodes[reader].op);
    if (norm && norm->kind != net::NormKind::batch_stored) return true;
  }
  return false;
}

TensorView Walker::without_values(const TensorView& lazy) {
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

TensorView Walker::with_border(TensorView lazy, const net::Border& border, int pad, float value) {
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

std::size_t Walker::parameter_size(net::ParameterId id) const {
  return net_.parameters[static_cast<std::size_t>(id)].value.size();
}

void Walker::lower(const net::Norm& op) {
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

void Walker::lower(const net::Activation& op) {
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
  if (lazy.activation.kind != abi::ACTIVATION_NONE || lazy.has_vectors() || !lazy.border.empty()) {
    lazy = stored_view(node_->inputs[0]);
  }
  lazy.activation = {activation_code(op.kind), op.a, op.b};
  define(lazy, switches_.activation_into_load && leaves_padding(op));
}

void Walker::lower(const net::Pad& op) {
  static constexpr int codes[] = {abi::PAD_CONSTANT, abi::PAD_REFLECT, abi::PAD_EDGE};
  define(with_border(source(), op.border, codes[static_cast<int>(op.mode)], op.value),
         switches_.pad_into_load);
}

void Walker::lower(const net::Resize& op) {
  TensorView lazy = source();
  if (op.nearest_factor > 0) {
    if (!lazy.border.empty() || lazy.upsample != 1) lazy = stored_view(node_->inputs[0]);
    lazy.upsample = op.nearest_factor;
    return define(lazy, switches_.upsample_into_load);
  }
  lower_stored(op, lower_resize);
}

void Walker::lower(const net::Pool& op) {
  lower_stored(op, lower_pool);
}

void Walker::lower(const net::GlobalPool& op) {
  lower_stored(op, lower_global_pool);
}

void Walker::lower(const net::Concat& op) {
  const TensorRef result = new_tensor(node_->output);
  std::vector<TensorView> sources;
  for (const net::ValueId input : node_->inputs) sources.push_back(stored_view(input));
  lower_concat(draft_, node_->name, op, sources, result);
  view(node_->output) = TensorView{.tensor = result};
}

void Walker::lower(const net::Slice& op) {
  lower_stored(op, lower_slice);
}

void Walker::lower(const net::Constant& op) {
  const net::Value& value = net_.value(node_->output);
  view(node_->output).tensor =
      lower_constant(draft_, node_->name, op, value.channels, value.height, value.width);
}

TensorRef lower_network(Draft& draft, const net::Net& net, const TensorRef& input) {
  return Walker(draft, net).run(input);
}

}  // namespace impasto::graph
