// Owns: networks as chains of ops for tests, and the small style network that several of them use.
// Depends on: support/net_builder.h.
#pragma once

#include <cmath>

#include "tests/support/net_builder.h"

namespace impasto::test {

/// Adds ops by what is particular about them; shapes follow, weights are random.
class Chain {
 public:
  explicit Chain(Shape input, std::uint64_t seed)
      : builder_(input), input_(input), shape_(input), value_(builder_.input()), seed_(seed) {}

  struct Mark {
    net::ValueId value;
    Shape shape;
  };
  Mark mark() const { return {value_, shape_}; }
  Chain& from(const Mark& mark) {
    value_ = mark.value;
    shape_ = mark.shape;
    return *this;
  }
  Shape input() const { return input_; }

  struct ConvUse {
    int border = 0;
    int stride = 1;
    int groups = 1;
    bool bias = false;
    int dilation = 1;
  };
  Chain& conv(int out, int kernel, ConvUse use) {
    net::Conv op;
    fill(op, out, kernel, use);
    const auto size = [&](int in) {
      return (in + 2 * use.border - use.dilation * (kernel - 1) - 1) / use.stride + 1;
    };
    return add(op, {out, size(shape_.height), size(shape_.width)});
  }
  Chain& conv(int out, int kernel) { return conv(out, kernel, {}); }
  Chain& transpose(int out, int kernel, int stride, int border, int extra) {
    net::ConvTranspose op;
    fill(op, out, kernel, {.border = border, .stride = stride, .bias = true});
    const auto size = [&](int in) { return (in - 1) * stride + kernel - 2 * border + extra; };
    return add(op, {out, size(shape_.height), size(shape_.width)});
  }
  Chain& norm(net::NormKind kind, int groups = 1) {
    net::Norm op{kind, groups};
    op.gamma = vector(0.5F, 2);
    op.beta = vector(-1, 1);
    if (kind == net::NormKind::batch_stored) {
      op.mean = vector(-1, 1);
      op.variance = vector(0.25F, 4);
    }
    return add(op, shape_);
  }
  Chain& activation(net::ActivationKind kind, float a = 0, float b = 0) {
    net::Activation op{kind, a, b};
    if (kind == net::ActivationKind::prelu) op.slope = vector(0.1F, 0.5F);
    return add(op, shape_);
  }
  Chain& relu() { return activation(net::ActivationKind::relu); }
  Chain& pad(net::Border border, net::PadMode mode, float value = 0) {
    return add(net::Pad{border, mode, value},
               {shape_.channels, shape_.height + border.top + border.bottom,
                shape_.width + border.left + border.right});
  }
  Chain& pad(int size, net::PadMode mode) { return pad({size, size, size, size}, mode); }
  Chain& upsample(int factor) {
    net::Resize op{net::ResizeMode::nearest, {}, {}, factor};
    for (int i = 0; i < shape_.height * factor; ++i) op.y.low.push_back(i / factor);
    for (int i = 0; i < shape_.width * factor; ++i) op.x.low.push_back(i / factor);
    return add(op, {shape_.channels, shape_.height * factor, shape_.width * factor});
  }
  Chain& binary(net::BinaryKind kind, const Mark& other) {
    value_ = builder_.add(net::Binary{kind}, {value_, other.value}, shape_);
    return *this;
  }
  Chain& concat(const Mark& other) {
    const Shape out{shape_.channels + other.shape.channels, shape_.height, shape_.width};
    value_ = builder_.add(net::Concat{0}, {value_, other.value}, out);
    shape_ = out;
    return *this;
  }
  Chain& with_vector(net::BinaryKind kind, float low, float high) {
    return add(net::BinaryParameter{kind, vector(low, high), false}, shape_);
  }
  Chain& pool(net::PoolKind kind, int kernel) {
    net::Pool op{kind, {kernel, kernel}, {kernel, kernel}};
    return add(op, {shape_.channels, shape_.height / kernel, shape_.width / kernel});
  }
  Chain& space_to_depth(int block) {
    return add(net::SpaceToDepth{block},
               {shape_.channels * block * block, shape_.height / block, shape_.width / block});
  }
  Chain& depth_to_space(int block, bool column_row) {
    return add(net::DepthToSpace{block, column_row},
               {shape_.channels / (block * block), shape_.height * block, shape_.width * block});
  }
  Chain& global_mean() {
    return add(net::GlobalPool{net::PoolKind::average}, {shape_.channels, 1, 1});
  }

  net::Net build() const { return builder_.build(); }

 private:
  Chain& add(net::Op op, Shape out) {
    value_ = builder_.add(std::move(op), {value_}, out);
    shape_ = out;
    return *this;
  }
  net::ParameterId vector(float low, float high) {
    return builder_.parameter(
        random_vector(static_cast<std::size_t>(shape_.channels), ++seed_, low, high));
  }
  template <class Op>
  void fill(Op& op, int out, int kernel, const ConvUse& use) {
    op.in_channels = shape_.channels;
    op.out_channels = out;
    op.kernel = {kernel, kernel};
    op.stride = {use.stride, use.stride};
    op.dilation = {use.dilation, use.dilation};
    op.border = {use.border, use.border, use.border, use.border};
    op.groups = use.groups;
    const int products = shape_.channels / use.groups * kernel * kernel;
    // Keeps values of about 1.
    const float scale = 1.7F / std::sqrt(static_cast<float>(products));
    op.weights =
        weights(random_vector(static_cast<std::size_t>(out) * static_cast<std::size_t>(products),
                              ++seed_, -scale, scale));
    if (use.bias) {
      op.bias =
          builder_.parameter(random_vector(static_cast<std::size_t>(out), ++seed_, -0.5F, 0.5F));
    }
  }

  NetBuilder builder_;
  Shape input_;
  Shape shape_;
  net::ValueId value_;
  std::uint64_t seed_;
};

/// Every kind of kernel that a style network has, at 45 x 38.
inline net::Net every_kernel() {
  Chain chain({3, 45, 38}, 700);
  chain.pad(4, net::PadMode::reflect).conv(8, 9, {.bias = true}).norm(net::NormKind::instance);
  chain.relu().conv(24, 3, {.border = 1, .stride = 2}).norm(net::NormKind::instance).relu();
  const Chain::Mark skip = chain.mark();
  chain.conv(24, 3, {.border = 1}).norm(net::NormKind::instance).relu();
  chain.conv(24, 3, {.border = 1, .groups = 24}).binary(net::BinaryKind::add, skip);
  chain.pool(net::PoolKind::average, 2).upsample(2).conv(9, 3, {.border = 1}).relu();
  return chain.transpose(4, 4, 2, 1, 0).norm(net::NormKind::group, 2).conv(3, 1).build();
}

/// What style networks are made of, small: reflection, strides, a residual block, upsampling.
inline net::Net style_network(int height, int width) {
  Chain chain({3, height, width}, 100);
  chain.pad(4, net::PadMode::reflect)
      .conv(8, 9, {.bias = true})
      .norm(net::NormKind::instance)
      .relu();
  chain.pad(1, net::PadMode::reflect)
      .conv(12, 3, {.stride = 2})
      .norm(net::NormKind::instance)
      .relu();
  const Chain::Mark skip = chain.mark();
  chain.pad(1, net::PadMode::reflect).conv(12, 3).norm(net::NormKind::instance).relu();
  chain.pad(1, net::PadMode::reflect).conv(12, 3).norm(net::NormKind::instance);
  chain.binary(net::BinaryKind::add, skip);
  chain.upsample(2).pad(1, net::PadMode::reflect).conv(8, 3).norm(net::NormKind::instance).relu();
  chain.pad(4, net::PadMode::reflect).conv(3, 9, {.bias = true});
  return chain.activation(net::ActivationKind::tanh).build();
}

}  // namespace impasto::test
