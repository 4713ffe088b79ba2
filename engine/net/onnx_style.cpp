#include "engine/net/onnx_style.h"

#include <algorithm>
#include <cmath>

namespace impasto::net {
namespace {

constexpr std::int64_t budget_per_run = 1 << 24;
// Beyond this many steps over all probes the program is run as it is instead of being probed.
constexpr std::size_t most_probe_steps = 400'000;
constexpr double affine_tolerance = 1e-5;

std::vector<double> picked(const HostTensor& tensor, const StyleParameter& binding) {
  std::vector<double> values;
  values.reserve(binding.source.size());
  for (const std::int64_t i : binding.source) {
    if (i >= static_cast<std::int64_t>(tensor.size())) {
      refuse("a style parameter's size depends on the style");
    }
    values.push_back(tensor.real(static_cast<std::size_t>(i)));
  }
  return values;
}

/// Runs the program once for all parameters that ask about the same weights.
class SharedRun {
 public:
  explicit SharedRun(std::shared_ptr<const StyleProgram> program) : program_(std::move(program)) {}

  std::vector<float> operator()(std::span<const float> weights, const StyleParameter& binding) {
    const std::lock_guard lock(mutex_);
    if (results_.empty() || !std::ranges::equal(weights, weights_)) {
      weights_.assign(weights.begin(), weights.end());
      const std::vector<double> wide(weights.begin(), weights.end());
      results_ = program_->run(style_tensor(program_->file().style, wide));
    }
    const std::vector<double> values =
        picked(results_[static_cast<std::size_t>(binding.slot)], binding);
    return {values.begin(), values.end()};
  }

 private:
  std::shared_ptr<const StyleProgram> program_;
  std::mutex mutex_;
  std::vector<float> weights_;
  std::vector<HostTensor> results_;
};

/// base + sum of weights * rows.
struct Table {
  std::vector<double> base;
  std::vector<std::vector<double>> rows;

  std::vector<double> at(std::span<const double> weights) const {
    std::vector<double> result = base;
    for (std::size_t s = 0; s < rows.size(); ++s) {
      if (weights[s] == 0) continue;
      for (std::size_t i = 0; i < result.size(); ++i) result[i] += weights[s] * rows[s][i];
    }
    return result;
  }
};

/// The results of the program at every probe, one probe after the other in memory only where a
/// parameter reads them.
struct Probes {
  std::vector<std::vector<double>> points;
  std::vector<std::vector<std::vector<double>>> values;  ///< [parameter][probe]
};

/// Zero (weights only), the unit vectors, and for weights two mixes.
std::vector<std::vector<double>> probe_points(const StyleInput& style) {
  const auto count = static_cast<std::size_t>(style.count);
  std::vector<std::vector<double>> points;
  if (!style.is_index) points.emplace_back(count, 0.0);
  for (std::size_t s = 0; s < count; ++s) {
    points.emplace_back(count, 0.0);
    points.back()[s] = 1;
  }
  if (style.is_index) return points;
  // Two fixed mixes: one sums to 1, one does not, so that a softmax or a division shows.
  std::vector<double> mix(count);
  double sum = 0;
  for (std::size_t s = 0; s < count; ++s) {
    mix[s] = 0.1 + std::fmod(0.618033988749895 * static_cast<double>(s + 1), 0.9);
    sum += mix[s];
  }
  points.push_back(mix);
  for (double& weight : mix) weight /= sum;
  std::reverse(mix.begin(), mix.end());
  points.push_back(mix);
  return points;
}

Probes probe(const StyleProgram& program, std::span<const StyleParameter> bindings) {
  Probes probes{probe_points(program.file().style), {}};
  probes.values.resize(bindings.size());
  for (const auto& point : probes.points) {
    const std::vector<HostTensor> results = program.run(style_tensor(program.file().style, point));
    for (std::size_t p = 0; p < bindings.size(); ++p) {
      probes.values[p].push_back(
          picked(results[static_cast<std::size_t>(bindings[p].slot)], bindings[p]));
    }
  }
  return probes;
}

Table table_from(const StyleInput& style, const std::vector<std::vector<double>>& values) {
  Table table;
  const std::size_t first = style.is_index ? 0 : 1;
  table.base = style.is_index ? std::vector<double>(values[0].size(), 0.0) : values[0];
  for (std::size_t s = 0; s < static_cast<std::size_t>(style.count); ++s) {
    std::vector<double> row = values[first + s];
    for (std::size_t i = 0; i < row.size(); ++i) row[i] -= table.base[i];
    table.rows.push_back(std::move(row));
  }
  return table;
}

bool holds_at(const Table& table, std::span<const double> point,
              const std::vector<double>& expected) {
  double scale = 0;
  for (const double value : table.base) scale = std::max(scale, std::abs(value));
  for (const auto& row : table.rows) {
    for (const double value : row) scale = std::max(scale, std::abs(value));
  }
  const std::vector<double> predicted = table.at(point);
  for (std::size_t i = 0; i < predicted.size(); ++i) {
    // A comparison that also fails on NaN, which a division by the sum gives at zero.
    if (!(std::abs(predicted[i] - expected[i]) <= affine_tolerance * scale)) return false;
  }
  return true;
}

}  // namespace

StyleSlot StyleProgram::append(const onnx::NodeProto& node, std::vector<Operand> inputs,
                               std::size_t results) {
  steps_.push_back({&node, std::move(inputs), results});
  const StyleSlot first = slots_;
  slots_ += static_cast<int>(results);
  return first;
}

std::vector<HostTensor> StyleProgram::run(const HostTensor& style) const {
  Budget budget(budget_per_run);
  std::vector<HostTensor> slots;
  slots.reserve(static_cast<std::size_t>(slots_));
  slots.push_back(style);
  for (const Step& step : steps_) {
    FoldCall call{*step.node, file_->opset, {}, budget};
    for (const Operand& operand : step.inputs) {
      call.inputs.push_back(operand.slot >= 0 ? &slots[static_cast<std::size_t>(operand.slot)]
                                              : operand.constant.get());
    }
    FoldResult results = fold(call);
    results.resize(step.results);
    for (HostTensor& result : results) slots.push_back(std::move(result));
  }
  return slots;
}

HostTensor style_tensor(const StyleInput& input, std::span<const double> weights) {
  if (!input.is_index) {
    return make_tensor(input.type, input.shape,
                       std::vector<double>(weights.begin(), weights.end()));
  }
  const auto largest = std::max_element(weights.begin(), weights.end()) - weights.begin();
  return make_tensor(input.type, input.shape, std::vector<std::int64_t>{largest});
}

void bind_style_parameters(std::shared_ptr<const StyleProgram> program,
                           std::span<const StyleParameter> bindings, Net& net) {
  if (bindings.empty()) return;
  const StyleInput& style = program->file().style;
  const auto shared = std::make_shared<SharedRun>(program);
  const auto probes_needed = static_cast<std::size_t>(style.count) + 3;
  const bool probed = style.is_index || program->steps() * probes_needed <= most_probe_steps;
  const Probes probes = probed ? probe(*program, bindings) : Probes{};
  std::vector<float> first_style(static_cast<std::size_t>(style.count), 0.0F);
  first_style[0] = 1;
  for (std::size_t p = 0; p < bindings.size(); ++p) {
    const StyleParameter& binding = bindings[p];
    Parameter& parameter = net.parameters[static_cast<std::size_t>(binding.parameter)];
    std::shared_ptr<Table> table;
    if (probed) {
      table = std::make_shared<Table>(table_from(style, probes.values[p]));
      for (std::size_t i = static_cast<std::size_t>(style.count) + 1;
           table && i < probes.points.size(); ++i) {
        if (!holds_at(*table, probes.points[i], probes.values[p][i])) table = nullptr;
      }
    }
    if (table) {
      parameter.from_style = [table](std::span<const float> weights) {
        const std::vector<double> wide(weights.begin(), weights.end());
        const std::vector<double> values = table->at(wide);
        return std::vector<float>(values.begin(), values.end());
      };
    } else {
      parameter.from_style = [shared, binding](std::span<const float> weights) {
        return (*shared)(weights, binding);
      };
    }
    parameter.value = parameter.from_style(first_style);
    for (const float value : parameter.value) {
      if (!std::isfinite(value)) {
        refuse("style parameter '" + printable(parameter.name) + "' is not a finite number");
      }
    }
  }
}

}  // namespace impasto::net
