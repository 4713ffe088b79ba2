// Owns: the walk's state, which the rules share: what each value is read as, which op is absorbed
// by its neighbour. Depends on: lower.h, readers.h, net. For fuse*.cpp only: fuse.cpp walks and
// lowers what stands alone, fuse_conv.cpp has the rules of convolutions, fuse_map.cpp those of
// elementwise ops. A rule is a function here with its switch in Fusions; with every switch off each
// op is at least one pass of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/lower.h"
#include "engine/graph/readers.h"

namespace impasto::graph {

/// A binary op whose result the next one combines with another tensor (Fusions::map_into_map).
struct PendingMap {
  std::size_t node = 0;
  TensorView left;
  MapOperand operand;
  ActivationUse activation;
  ResourceId scale = -1;  // of the result
};

class Walker {
 public:
  Walker(Draft& draft, const net::Net& net);
  /// Appends the passes of all nodes; the stored output.
  TensorRef run(const TensorRef& input);

 private:
  TensorView& view(net::ValueId id) { return views_[static_cast<std::size_t>(id)]; }
  std::optional<PendingMap>& pending(net::ValueId id) {
    return pending_[static_cast<std::size_t>(id)];
  }

  TensorView source(std::size_t index = 0);
  /// What the node stores: its output, or that of the activation that it absorbed.
  TensorRef new_tensor(net::ValueId id);
  TensorRef tensor_of(const std::string& name, net::ValueId id);
  TensorRef materialize(const TensorView& lazy, const std::string& name);
  /// The value as a stored tensor, computed once for all its readers.
  TensorRef stored(net::ValueId id);
  TensorView stored_view(net::ValueId id);
  /// The node's output becomes this view; stored at once when the rule is off or several read it
  /// and one of those would store it.
  void define(TensorView lazy, bool rule);
  /// Whether every reader of a value applies the norm and activation of this view while it loads.
  bool all_load(net::ValueId id, const TensorView& lazy) const;
  /// Rule: an activation that alone reads this node's output is applied by the store; the
  /// activation's node is done, and its output is what the store defines.
  StoreUse absorb_store(net::ValueId& output);
  bool needs_statistics(net::ValueId id) const;
  /// What changes values becomes a tensor of its own; upsampling and padding stay in the view.
  TensorView without_values(const TensorView& lazy);
  TensorView with_border(TensorView lazy, const net::Border& border, int pad, float value);
  std::size_t parameter_size(net::ParameterId id) const;
  /// An op that reads one stored tensor and stores another.
  template <class Op>
  void lower_stored(const Op& op, void (*lower_op)(Draft&, const std::string&, const Op&,
                                                   const TensorView&, const TensorRef&)) {
    const TensorRef result = new_tensor(node_->output);
    lower_op(draft_, node_->name, op, stored_view(node_->inputs[0]), result);
    view(node_->output) = TensorView{.tensor = result};
  }

  void lower(const net::Norm& op);
  void lower(const net::Activation& op);
  void lower(const net::Pad& op);
  void lower(const net::Resize& op);
  void lower(const net::Pool& op);
  void lower(const net::GlobalPool& op);
  void lower(const net::Concat& op);
  void lower(const net::Slice& op);
  void lower(const net::Constant& op);
  void lower(const net::Conv& op);
  void lower(const net::ConvTranspose& op);
  void lower(const net::SpaceToDepth& op);
  void lower(const net::DepthToSpace& op);
  void lower(const net::Binary& op);
  void lower(const net::BinaryParameter& op);

  /// Rule: a pointwise convolution of few channels is left to the binary op that alone reads it.
  bool takes_matrix(const net::Conv& op);
  /// Whether the binary op that a value reaches already reads another one through a matrix.
  bool meets_matrix(net::ValueId id);
  /// Rule: depth to space that alone reads a convolution is its store; true if that was lowered.
  bool stored_as_cells(const net::Conv& op, const TensorView& lazy);
  /// Rule: space to depth is a convolution's load, where that and at most one border alone read it.
  bool loaded_as_cells(const net::SpaceToDepth& op, const TensorView& input) const;
  /// Rule: a product, and a sum after it, with a vector is left to the map that alone reads it.
  bool takes_vector(const TensorView& lazy, const net::BinaryParameter& op) const;
  void lower_binary(const TensorView& left, const MapOperand& operand);
  /// Rule: a map that alone reads what a convolution stores as cells is that store; else a pass.
  void add_map(const std::string& name, const TensorView& left, const MapOperand& operand,
               const ActivationUse& activation, const TensorRef& result, const MapThen& then = {});
  /// Appends the pass of a pending binary op, whose result then is a stored tensor.
  void settle(net::ValueId id);
  /// Rule: a pending binary op and this one are one pass; true if that was lowered.
  bool combined(const net::Binary& op);

  Draft& draft_;
  const net::Net& net_;
  const Readers readers_;
  const Fusions& switches_;
  const net::Node* node_ = nullptr;
  std::vector<TensorView> views_;                           // by value
  std::vector<std::optional<PartialStatistics>> partials_;  // by value
  std::vector<std::optional<PendingMap>> pending_;          // by value
  ResourceId stored_cells_ = -1;  // what the last stored_as_cells stored, if it has one reader
  std::vector<bool> done_;        // nodes absorbed by an earlier one
  std::vector<bool> half_;        // values that are stored as fp16
};

}  // namespace impasto::graph
