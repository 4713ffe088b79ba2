// Owns: networks written by hand in tests.
// Depends on: engine/net/net.h, support/tensors.h.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/net/net.h"
#include "tests/support/tensors.h"

namespace impasto::test {

inline net::Weights weights(std::vector<float> data) {
  return std::make_shared<const std::vector<float>>(std::move(data));
}

struct Shape {
  int channels = 0;
  int height = 0;
  int width = 0;
};

/// Values and nodes are named by their order; the output is the value added last.
class NetBuilder {
 public:
  explicit NetBuilder(Shape input) { net_.input = value(input); }

  net::ValueId input() const { return net_.input; }

  net::ParameterId parameter(std::vector<float> data) {
    net::Parameter parameter;
    parameter.name = "parameter" + std::to_string(net_.parameters.size());
    parameter.value = std::move(data);
    net_.parameters.push_back(std::move(parameter));
    return static_cast<net::ParameterId>(net_.parameters.size()) - 1;
  }

  net::ValueId add(net::Op op, std::vector<net::ValueId> inputs, Shape output) {
    net::Node node;
    node.name = "node" + std::to_string(net_.nodes.size());
    node.op = std::move(op);
    node.inputs = std::move(inputs);
    node.output = value(output);
    net_.nodes.push_back(std::move(node));
    return net_.output = net_.nodes.back().output;
  }

  net::ValueId constant(const net::Tensor& tensor) {
    return add(net::Constant{weights({tensor.data.begin(), tensor.data.end()})}, {},
               {tensor.channels, tensor.height, tensor.width});
  }

  net::Net build() const { return net_; }

 private:
  net::ValueId value(Shape shape) {
    net_.values.push_back(
        {"value" + std::to_string(net_.values.size()), shape.channels, shape.height, shape.width});
    return static_cast<net::ValueId>(net_.values.size()) - 1;
  }

  net::Net net_;
};

/// One op on the net's input.
inline net::Net single_op(net::Op op, Shape input, Shape output,
                          const std::vector<std::vector<float>>& parameters = {}) {
  NetBuilder builder(input);
  for (const auto& parameter : parameters) builder.parameter(parameter);
  builder.add(std::move(op), {builder.input()}, output);
  return builder.build();
}

}  // namespace impasto::test
