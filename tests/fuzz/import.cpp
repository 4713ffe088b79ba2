// The importer on arbitrary files: it builds a sound network or throws Error{model}. Mutations are
// made on the parsed model as well as on its bytes, so that most of them get past the parser.
#include <onnx/onnx_pb.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "engine/base/error.h"
#include "engine/net/model.h"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

namespace {

using Dice = std::minstd_rand;

template <typename Field>
auto& any_of(Field& field, Dice& dice) {
  return *field.Mutable(static_cast<int>(dice() % static_cast<unsigned>(field.size())));
}

std::int64_t any_number(Dice& dice) {
  static constexpr std::int64_t numbers[] = {0,  1,  2,  3,   4,     7,       8,         -1,
                                             -2, 16, 63, 255, 65536, 1 << 30, INT64_MAX, INT64_MIN};
  return numbers[dice() % std::size(numbers)];
}

template <typename Numbers>
void change_number(Numbers& numbers, Dice& dice) {
  if (numbers.empty() || dice() % 8 == 0) {
    numbers.Add(static_cast<typename Numbers::value_type>(any_number(dice)));
  } else if (dice() % 8 == 0) {
    numbers.RemoveLast();
  } else {
    numbers.Set(static_cast<int>(dice() % static_cast<unsigned>(numbers.size())),
                static_cast<typename Numbers::value_type>(any_number(dice)));
  }
}

void change_tensor(onnx::TensorProto& tensor, Dice& dice) {
  switch (dice() % 4) {
    case 0:
      return change_number(*tensor.mutable_dims(), dice);
    case 1:
      return change_number(*tensor.mutable_int64_data(), dice);
    case 2:
      return change_number(*tensor.mutable_float_data(), dice);
    default:
      tensor.set_data_type(static_cast<int>(dice() % 18));
  }
}

void change_attribute(onnx::AttributeProto& attribute, Dice& dice) {
  static constexpr float reals[] = {
      0, -1, 0.3F, 1.5F, 1e30F, -1e-30F, std::numeric_limits<float>::infinity()};
  switch (attribute.type()) {
    case onnx::AttributeProto::INT:
      return attribute.set_i(any_number(dice));
    case onnx::AttributeProto::FLOAT:
      return attribute.set_f(reals[dice() % std::size(reals)]);
    case onnx::AttributeProto::INTS:
      return change_number(*attribute.mutable_ints(), dice);
    case onnx::AttributeProto::FLOATS:
      return change_number(*attribute.mutable_floats(), dice);
    case onnx::AttributeProto::TENSOR:
      return change_tensor(*attribute.mutable_t(), dice);
    default:
      attribute.set_type(onnx::AttributeProto::INT);
  }
}

/// Ops and names of a node come from what the model and the importer know.
void change_node(onnx::GraphProto& graph, Dice& dice) {
  static constexpr const char* ops[] = {"Add",
                                        "Mul",
                                        "Concat",
                                        "Slice",
                                        "Gather",
                                        "Reshape",
                                        "Transpose",
                                        "Resize",
                                        "Pad",
                                        "Conv",
                                        "MaxPool",
                                        "DepthToSpace",
                                        "Split",
                                        "ReduceMean",
                                        "Expand",
                                        "Flatten",
                                        "Unsqueeze",
                                        "Squeeze",
                                        "Shape",
                                        "Cast",
                                        "ConvTranspose",
                                        "Tile",
                                        "Softmax",
                                        "GlobalAveragePool",
                                        "LayerNormalization",
                                        "InstanceNormalization"};
  auto& node = any_of(*graph.mutable_node(), dice);
  switch (dice() % 4) {
    case 0:
      return node.set_op_type(ops[dice() % std::size(ops)]);
    case 1:
      if (node.attribute_size() > 0)
        change_attribute(any_of(*node.mutable_attribute(), dice), dice);
      return;
    case 2: {
      const auto& from = any_of(*graph.mutable_node(), dice);
      if (node.input_size() > 0 && from.output_size() > 0) {
        any_of(*node.mutable_input(), dice) = from.output(0);
      }
      return;
    }
    default:
      if (node.input_size() > 0 && graph.initializer_size() > 0) {
        any_of(*node.mutable_input(), dice) = any_of(*graph.mutable_initializer(), dice).name();
      }
  }
}

void change_model(onnx::ModelProto& model, Dice& dice) {
  onnx::GraphProto& graph = *model.mutable_graph();
  switch (dice() % 8) {
    case 0:
      if (model.opset_import_size() > 0) model.mutable_opset_import(0)->set_version(dice() % 23);
      return;
    case 1: {
      if (graph.input_size() == 0) return;
      auto& type = *any_of(*graph.mutable_input(), dice).mutable_type()->mutable_tensor_type();
      if (type.shape().dim_size() == 0) return;
      return any_of(*type.mutable_shape()->mutable_dim(), dice).set_dim_value(any_number(dice));
    }
    case 2:
    case 3:
      if (graph.initializer_size() > 0) {
        change_tensor(any_of(*graph.mutable_initializer(), dice), dice);
      }
      return;
    default:
      if (graph.node_size() > 0) change_node(graph, dice);
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t most, unsigned int seed) {
  Dice dice(seed);
  onnx::ModelProto model;
  if (dice() % 4 == 0 || !model.ParseFromArray(data, static_cast<int>(size))) {
    return LLVMFuzzerMutate(data, size, most);
  }
  for (unsigned i = 0; i <= dice() % 4; ++i) change_model(model, dice);
  const std::string bytes = model.SerializeAsString();
  if (bytes.size() > most) return LLVMFuzzerMutate(data, size, most);
  return bytes.copy(reinterpret_cast<char*>(data), bytes.size());
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using impasto::net::Model;
  try {
    const Model model = Model::parse(std::as_bytes(std::span(data, size)), "fuzz");
    const impasto::net::Net net = model.build(32, 32);
    if (const std::string violation = check(net); !violation.empty()) {
      std::fprintf(stderr, "%s\n", violation.c_str());
      std::abort();
    }
  } catch (const impasto::Error& error) {
    if (error.code() != impasto::ExitCode::model) throw;
  }
  return 0;
}
