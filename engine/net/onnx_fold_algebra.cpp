// Reductions, products and softmax on host tensors.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/net/onnx_fold.h"

namespace impasto::net {
namespace {

struct Sum {
  static constexpr double start = 0;
  static double step(double sum, double value) { return sum + value; }
};
struct Product {
  static constexpr double start = 1;
  static double step(double product, double value) { return product * value; }
};
struct Maximum {
  static constexpr double start = -std::numeric_limits<double>::infinity();
  static double step(double best, double value) { return std::max(best, value); }
};
struct Minimum {
  static constexpr double start = std::numeric_limits<double>::infinity();
  static double step(double best, double value) { return std::min(best, value); }
};

template <typename Reduction, bool mean = false>
FoldResult reduce(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const Attributes attributes = call.attributes();
  const auto axes = call.list("axes", 1);
  const std::size_t rank = from.shape.size();
  const bool all = !axes || axes->empty();
  if (all && attributes.integer("noop_with_empty_axes", 0) != 0) return {from};
  std::vector<bool> reduced(rank, all);
  if (!all) {
    for (const std::int64_t axis : *axes) {
      reduced[static_cast<std::size_t>(normalized_axis(axis, rank))] = true;
    }
  }
  const bool keep = attributes.integer("keepdims", 1) != 0;
  Shape kept;
  Shape result_shape;
  for (std::size_t i = 0; i < rank; ++i) {
    kept.push_back(reduced[i] ? 1 : from.shape[i]);
    if (!reduced[i] || keep) result_shape.push_back(kept.back());
  }
  const Shape strides = broadcast_strides(kept, from.shape);
  call.budget.spend(static_cast<std::int64_t>(from.size()));
  call.budget.spend(element_count(kept));
  std::vector<double> result(static_cast<std::size_t>(element_count(kept)), Reduction::start);
  Shape index(rank, 0);
  std::int64_t at = 0;
  for (std::size_t i = 0; i < from.size(); ++i) {
    double& target = result[static_cast<std::size_t>(at)];
    target = Reduction::step(target, from.real(i));
    for (std::size_t axis = rank; axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < from.shape[axis]) break;
      at -= strides[axis] * from.shape[axis];
      index[axis] = 0;
    }
  }
  if (mean && !result.empty()) {
    const double count = static_cast<double>(from.size()) / static_cast<double>(result.size());
    for (double& value : result) value /= count;
  }
  return {make_tensor(from.type, result_shape, result)};
}

/// c[m][n] += a[m][k] * b[k][n] with row strides and optional transposition.
void multiply(const double* a, const double* b, double* c, std::int64_t m, std::int64_t n,
              std::int64_t k, bool transpose_a, bool transpose_b) {
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t p = 0; p < k; ++p) {
      const double left = transpose_a ? a[p * m + i] : a[i * k + p];
      for (std::int64_t j = 0; j < n; ++j) {
        c[i * n + j] += left * (transpose_b ? b[j * k + p] : b[p * n + j]);
      }
    }
  }
}

void spend_product(const FoldCall& call, std::int64_t m, std::int64_t n, std::int64_t k) {
  // A multiply-accumulate costs far less time than an element costs memory.
  call.budget.spend(
      checked_add(checked_multiply(m, n), checked_multiply(checked_multiply(m, n), k) / 32));
}

FoldResult gemm(const FoldCall& call) {
  const HostTensor& a = call.input(0);
  const HostTensor& b = call.input(1);
  if (a.shape.size() != 2 || b.shape.size() != 2) refuse("its inputs are no matrices");
  const Attributes attributes = call.attributes();
  const bool transpose_a = attributes.integer("transA", 0) != 0;
  const bool transpose_b = attributes.integer("transB", 0) != 0;
  const std::int64_t m = a.shape[transpose_a ? 1 : 0];
  const std::int64_t k = a.shape[transpose_a ? 0 : 1];
  const std::int64_t n = b.shape[transpose_b ? 0 : 1];
  if (b.shape[transpose_b ? 1 : 0] != k) refuse("its matrices do not fit");
  spend_product(call, m, n, k);
  std::vector<double> result(static_cast<std::size_t>(m * n), 0.0);
  multiply(reals(a).data(), reals(b).data(), result.data(), m, n, k, transpose_a, transpose_b);
  const double alpha = static_cast<double>(attributes.real("alpha", 1));
  for (double& value : result) value *= alpha;
  if (call.has(2)) {
    const double beta = static_cast<double>(attributes.real("beta", 1));
    const HostTensor& c = call.input(2);
    const Shape full{m, n};
    if (broadcast(c.shape, full) != full) refuse("its third input does not fit");
    const Shape strides = broadcast_strides(c.shape, full);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        result[static_cast<std::size_t>(i * n + j)] +=
            beta * c.real(static_cast<std::size_t>(i * strides[0] + j * strides[1]));
      }
    }
  }
  return {make_tensor(a.type, {m, n}, result)};
}

FoldResult matmul(const FoldCall& call) {
  const HostTensor& a = call.input(0);
  const HostTensor& b = call.input(1);
  Shape left = a.shape;
  Shape right = b.shape;
  if (left.empty() || right.empty()) refuse("it multiplies a scalar");
  const bool vector_left = left.size() == 1;
  const bool vector_right = right.size() == 1;
  if (vector_left) left.insert(left.begin(), 1);
  if (vector_right) right.push_back(1);
  const std::int64_t m = left[left.size() - 2];
  const std::int64_t k = left.back();
  const std::int64_t n = right.back();
  if (right[right.size() - 2] != k) {
    refuse("shapes " + to_text(a.shape) + " and " + to_text(b.shape) + " do not multiply");
  }
  const Shape batch_left(left.begin(), left.end() - 2);
  const Shape batch_right(right.begin(), right.end() - 2);
  Shape shape = broadcast(batch_left, batch_right);
  const Shape batches = shape;
  const std::int64_t count = element_count(batches);
  spend_product(call, checked_multiply(count, m), n, k);
  const std::vector<double> left_values = reals(a);
  const std::vector<double> right_values = reals(b);
  std::vector<double> result(static_cast<std::size_t>(count * m * n), 0.0);
  const Shape stride_left = broadcast_strides(batch_left, batches);
  const Shape stride_right = broadcast_strides(batch_right, batches);
  for (std::int64_t batch = 0; batch < count && !result.empty(); ++batch) {
    std::int64_t at_left = 0;
    std::int64_t at_right = 0;
    for (std::size_t axis = batches.size(), rest = static_cast<std::size_t>(batch); axis-- > 0;) {
      const auto index = static_cast<std::int64_t>(rest % static_cast<std::size_t>(batches[axis]));
      rest /= static_cast<std::size_t>(batches[axis]);
      at_left += index * stride_left[axis];
      at_right += index * stride_right[axis];
    }
    multiply(left_values.data() + at_left * m * k, right_values.data() + at_right * k * n,
             result.data() + batch * m * n, m, n, k, false, false);
  }
  if (!vector_left) shape.push_back(m);
  if (!vector_right) shape.push_back(n);
  return {make_tensor(a.type, shape, result)};
}

/// Before opset 13 the softmax runs over everything from `axis` on, since then along it only.
FoldResult softmax(const FoldCall& call) {
  const HostTensor& from = call.input(0);
  const bool flattens = call.opset < 13;
  const auto axis = static_cast<std::size_t>(
      normalized_axis(call.attributes().integer("axis", flattens ? 1 : -1), from.shape.size()));
  const std::int64_t outer = element_count({from.shape.begin(), from.shape.begin() + axis});
  const std::int64_t run =
      flattens ? element_count({from.shape.begin() + axis, from.shape.end()}) : from.shape[axis];
  const std::int64_t inner =
      flattens ? 1 : element_count({from.shape.begin() + axis + 1, from.shape.end()});
  call.budget.spend(static_cast<std::int64_t>(from.size()));
  std::vector<double> values = reals(from);
  for (std::int64_t o = 0; o < outer && !values.empty(); ++o) {
    for (std::int64_t i = 0; i < inner; ++i) {
      double* first = values.data() + o * run * inner + i;
      double peak = -std::numeric_limits<double>::infinity();
      double sum = 0;
      for (std::int64_t r = 0; r < run; ++r) peak = std::max(peak, first[r * inner]);
      for (std::int64_t r = 0; r < run; ++r) {
        sum += first[r * inner] = std::exp(first[r * inner] - peak);
      }
      for (std::int64_t r = 0; r < run; ++r) first[r * inner] /= sum;
    }
  }
  return {make_tensor(from.type, from.shape, values)};
}

constexpr FoldEntry entries[] = {
    {"ReduceSum", reduce<Sum>},
    {"ReduceMean", reduce<Sum, true>},
    {"ReduceProd", reduce<Product>},
    {"ReduceMax", reduce<Maximum>},
    {"ReduceMin", reduce<Minimum>},
    {"Gemm", gemm},
    {"MatMul", matmul},
    {"Softmax", softmax},
};

}  // namespace

std::span<const FoldEntry> algebra_folds() {
  return entries;
}

}  // namespace impasto::net
