// Elementwise ops on host tensors: arithmetic, comparison, functions, Cast, Clip, Where.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/net/onnx_fold.h"

namespace impasto::net {
namespace {

using onnx::TensorProto;

/// Calls body(i, a, b) for every element of `full` with the positions in two broadcast operands.
template <typename Body>
void for_each_broadcast(const Shape& full, const Shape& a, const Shape& b, const Body& body) {
  const Shape stride_a = broadcast_strides(a, full);
  const Shape stride_b = broadcast_strides(b, full);
  const auto count = static_cast<std::size_t>(element_count(full));
  Shape index(full.size(), 0);
  std::int64_t at_a = 0;
  std::int64_t at_b = 0;
  for (std::size_t i = 0; i < count; ++i) {
    body(i, static_cast<std::size_t>(at_a), static_cast<std::size_t>(at_b));
    for (std::size_t axis = full.size(); axis-- > 0;) {
      at_a += stride_a[axis];
      at_b += stride_b[axis];
      if (++index[axis] < full[axis]) break;
      at_a -= stride_a[axis] * full[axis];
      at_b -= stride_b[axis] * full[axis];
      index[axis] = 0;
    }
  }
}

Shape spent(const FoldCall& call, Shape shape) {
  call.budget.spend(element_count(shape));
  return shape;
}

/// Integer arithmetic wraps, as ONNX leaves it to the hardware; unsigned to stay defined.
struct Add {
  static double real(double a, double b) { return a + b; }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  }
};
struct Sub {
  static double real(double a, double b) { return a - b; }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  }
};
struct Mul {
  static double real(double a, double b) { return a * b; }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
  }
};
struct Div {
  static double real(double a, double b) { return a / b; }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    if (b == 0) refuse("it divides by zero");
    return b == -1 ? Sub::integer(0, a) : a / b;
  }
};
struct Mod {
  static double real(double a, double b) { return std::fmod(a, b); }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    if (b == 0) refuse("it divides by zero");
    if (b == -1) return 0;
    const std::int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};
struct Pow {
  static double real(double a, double b) { return std::pow(a, b); }
  static std::int64_t integer(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(
        std::clamp(std::pow(static_cast<double>(a), static_cast<double>(b)), -9.2e18, 9.2e18));
  }
};
struct Min {
  static double real(double a, double b) { return std::min(a, b); }
  static std::int64_t integer(std::int64_t a, std::int64_t b) { return std::min(a, b); }
};
struct Max {
  static double real(double a, double b) { return std::max(a, b); }
  static std::int64_t integer(std::int64_t a, std::int64_t b) { return std::max(a, b); }
};

template <typename Operation>
HostTensor combine(const FoldCall& call, const HostTensor& a, const HostTensor& b) {
  const Shape shape = spent(call, broadcast(a.shape, b.shape));
  const auto count = static_cast<std::size_t>(element_count(shape));
  if (a.integers && b.integers) {
    std::vector<std::int64_t> result(count);
    for_each_broadcast(shape, a.shape, b.shape, [&](std::size_t i, std::size_t j, std::size_t k) {
      result[i] = Operation::integer((*a.integers)[j], (*b.integers)[k]);
    });
    return make_tensor(a.type, shape, result);
  }
  std::vector<double> result(count);
  for_each_broadcast(shape, a.shape, b.shape, [&](std::size_t i, std::size_t j, std::size_t k) {
    result[i] = Operation::real(a.real(j), b.real(k));
  });
  return make_tensor(a.type, shape, result);
}

template <typename Operation>
FoldResult binary(const FoldCall& call) {
  return {combine<Operation>(call, call.input(0), call.input(1))};
}

/// Max, Min and Sum take any number of inputs.
template <typename Operation>
FoldResult variadic(const FoldCall& call) {
  HostTensor result = call.input(0);
  for (std::size_t i = 1; i < call.inputs.size(); ++i) {
    result = combine<Operation>(call, result, call.input(i));
  }
  return {result};
}

template <bool (*Compare)(double, double)>
FoldResult comparison(const FoldCall& call) {
  const HostTensor& a = call.input(0);
  const HostTensor& b = call.input(1);
  const Shape shape = spent(call, broadcast(a.shape, b.shape));
  std::vector<std::int64_t> result(static_cast<std::size_t>(element_count(shape)));
  for_each_broadcast(shape, a.shape, b.shape, [&](std::size_t i, std::size_t j, std::size_t k) {
    result[i] = Compare(a.real(j), b.real(k));
  });
  return {make_tensor(TensorProto::BOOL, shape, result)};
}
bool equal(double a, double b) {
  return a == b;
}
bool less(double a, double b) {
  return a < b;
}
bool less_or_equal(double a, double b) {
  return a <= b;
}
bool greater(double a, double b) {
  return a > b;
}
bool greater_or_equal(double a, double b) {
  return a >= b;
}
bool both(double a, double b) {
  return a != 0 && b != 0;
}
bool either(double a, double b) {
  return a != 0 || b != 0;
}

template <typename Function>
FoldResult mapped(const FoldCall& call, const Function& function) {
  const HostTensor& a = call.input(0);
  call.budget.spend(static_cast<std::int64_t>(a.size()));
  std::vector<double> result = reals(a);
  for (double& value : result) value = function(value);
  return {make_tensor(a.type, a.shape, result)};
}

template <double (*Function)(double)>
FoldResult unary(const FoldCall& call) {
  return mapped(call, Function);
}
double negative(double x) {
  return -x;
}
double absolute(double x) {
  return std::abs(x);
}
double square_root(double x) {
  return std::sqrt(x);
}
double exponential(double x) {
  return std::exp(x);
}
double logarithm(double x) {
  return std::log(x);
}
double floored(double x) {
  return std::floor(x);
}
double ceiled(double x) {
  return std::ceil(x);
}
double round_to_even(double x) {
  return std::nearbyint(x);
}
double reciprocal(double x) {
  return 1 / x;
}
double sigmoid(double x) {
  return 1 / (1 + std::exp(-x));
}
double hyperbolic_tangent(double x) {
  return std::tanh(x);
}
double relu(double x) {
  return std::max(x, 0.0);
}
double softplus(double x) {
  return x > 30 ? x : std::log1p(std::exp(x));
}
double logical_not(double x) {
  return x == 0;
}
double error_function(double x) {
  return std::erf(x);
}

FoldResult leaky_relu(const FoldCall& call) {
  const double slope = static_cast<double>(call.attributes().real("alpha", 0.01F));
  return mapped(call, [=](double x) { return x < 0 ? slope * x : x; });
}

FoldResult elu(const FoldCall& call) {
  const double alpha = static_cast<double>(call.attributes().real("alpha", 1));
  return mapped(call, [=](double x) { return x < 0 ? alpha * std::expm1(x) : x; });
}

FoldResult hard_sigmoid(const FoldCall& call) {
  const double alpha = static_cast<double>(call.attributes().real("alpha", 0.2F));
  const double beta = static_cast<double>(call.attributes().real("beta", 0.5F));
  return mapped(call, [=](double x) { return std::clamp(alpha * x + beta, 0.0, 1.0); });
}

FoldResult clip(const FoldCall& call) {
  constexpr float limit = std::numeric_limits<float>::max();
  const Attributes attributes = call.attributes();
  const auto bound = [&](std::size_t i, const char* name, float otherwise) {
    if (!call.has(i)) return static_cast<double>(attributes.real(name, otherwise));
    if (call.input(i).size() != 1) refuse("a bound is no scalar");
    return call.input(i).real(0);
  };
  const double low = bound(1, "min", -limit);
  const double high = bound(2, "max", limit);
  return mapped(call, [=](double x) { return std::min(std::max(x, low), high); });
}

FoldResult cast(const FoldCall& call) {
  const HostTensor& a = call.input(0);
  call.budget.spend(static_cast<std::int64_t>(a.size()));
  const auto type = checked_int(call.attributes().integer("to", 0), 1, 16, "the type to cast to");
  if (a.integers) return {make_tensor(type, a.shape, *a.integers)};
  return {make_tensor(type, a.shape, reals(a))};
}

FoldResult where(const FoldCall& call) {
  const HostTensor& a = call.input(1);
  const HostTensor& b = call.input(2);
  const HostTensor& condition = call.input(0);
  const Shape shape = spent(call, broadcast(broadcast(a.shape, b.shape), condition.shape));
  std::vector<double> result(static_cast<std::size_t>(element_count(shape)));
  for_each_broadcast(shape, a.shape, condition.shape,
                     [&](std::size_t i, std::size_t j, std::size_t k) {
                       if (condition.real(k) != 0) result[i] = a.real(j);
                     });
  for_each_broadcast(shape, b.shape, condition.shape,
                     [&](std::size_t i, std::size_t j, std::size_t k) {
                       if (condition.real(k) == 0) result[i] = b.real(j);
                     });
  return {make_tensor(a.type, shape, result)};
}

constexpr FoldEntry entries[] = {
    {"Add", binary<Add>},
    {"Sub", binary<Sub>},
    {"Mul", binary<Mul>},
    {"Div", binary<Div>},
    {"Mod", binary<Mod>},
    {"Pow", binary<Pow>},
    {"Min", variadic<Min>},
    {"Max", variadic<Max>},
    {"Sum", variadic<Add>},
    {"Equal", comparison<equal>},
    {"Less", comparison<less>},
    {"LessOrEqual", comparison<less_or_equal>},
    {"Greater", comparison<greater>},
    {"GreaterOrEqual", comparison<greater_or_equal>},
    {"And", comparison<both>},
    {"Or", comparison<either>},
    {"Not", unary<logical_not>},
    {"Neg", unary<negative>},
    {"Abs", unary<absolute>},
    {"Sqrt", unary<square_root>},
    {"Exp", unary<exponential>},
    {"Log", unary<logarithm>},
    {"Floor", unary<floored>},
    {"Ceil", unary<ceiled>},
    {"Round", unary<round_to_even>},
    {"Reciprocal", unary<reciprocal>},
    {"Sigmoid", unary<sigmoid>},
    {"Tanh", unary<hyperbolic_tangent>},
    {"Relu", unary<relu>},
    {"Softplus", unary<softplus>},
    {"Erf", unary<error_function>},
    {"LeakyRelu", leaky_relu},
    {"Elu", elu},
    {"HardSigmoid", hard_sigmoid},
    {"Clip", clip},
    {"Cast", cast},
    {"Where", where},
};

}  // namespace

std::span<const FoldEntry> elementwise_folds() {
  return entries;
}

}  // namespace impasto::net
