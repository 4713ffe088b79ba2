// Owns: what depends on the style weights alone: the nodes that compute it, as a list to run on the
// host, and the parameters that come out of them.
// Depends on: onnx_file.h, onnx_fold.h.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "engine/net/onnx_file.h"
#include "engine/net/onnx_fold.h"

namespace impasto::net {

/// A value of a style program.
using StyleSlot = int;

/// Straight-line code: every step reads constants and earlier slots. Slot 0 is the style input.
class StyleProgram {
 public:
  explicit StyleProgram(std::shared_ptr<const OnnxFile> file) : file_(std::move(file)) {}

  /// An input of a step: a slot where it is >= 0, else a constant, else left out.
  struct Operand {
    StyleSlot slot = -1;
    std::shared_ptr<const HostTensor> constant;
  };

  /// Appends a node with this many results; returns the slot of the first, the others follow.
  StyleSlot append(const onnx::NodeProto& node, std::vector<Operand> inputs, std::size_t results);

  /// All slots for a value of the style input. Refuses what a fold refuses.
  std::vector<HostTensor> run(const HostTensor& style) const;
  std::size_t steps() const { return steps_.size(); }
  const OnnxFile& file() const { return *file_; }

 private:
  struct Step {
    const onnx::NodeProto* node = nullptr;
    std::vector<Operand> inputs;
    std::size_t results = 1;
  };
  std::shared_ptr<const OnnxFile> file_;  // owns the nodes
  std::vector<Step> steps_;
  int slots_ = 1;
};

/// The style input as a tensor: weights, or the index of the largest weight.
HostTensor style_tensor(const StyleInput& input, std::span<const double> weights);

/// A parameter that is elements `source` of a slot.
struct StyleParameter {
  ParameterId parameter = none;
  StyleSlot slot = -1;
  std::vector<std::int64_t> source;
};

/// Sets `value` and `from_style` of the parameters. What is affine in the weights (probed at zero,
/// at each unit vector and at two mixes) becomes a table with a row per style; an index becomes a
/// table too, its rows mixed by the weights; the rest runs the program.
void bind_style_parameters(std::shared_ptr<const StyleProgram> program,
                           std::span<const StyleParameter> bindings, Net& net);

}  // namespace impasto::net
