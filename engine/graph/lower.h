// Owns: the lowering of single ops: a view of each input and the tensor to write become passes of a
// draft. Depends on: draft.h. To add an op or a kernel: a function here, called from fuse.cpp where
// ops are visited, and a .comp in shaders/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/graph/draft.h"
#include "engine/net/op.h"

namespace impasto::graph {

constexpr int div_up(int a, int b) {
  return (a + b - 1) / b;
}

/// Partial statistics of a stored tensor: `tiles` records per plane.
struct PartialStatistics {
  ResourceId table = -1;
  int tiles = 0;
};

/// What a convolution does before it stores.
struct StoreUse {
  ActivationUse activation;
  bool statistics = false;
};

/// Dense and grouped convolutions; chooses the kernel family (lower_conv.cpp). The op's own border
/// is already part of the view. Returns statistics where `store.statistics` was asked for.
std::optional<PartialStatistics> lower_conv(Draft& draft, const std::string& name,
                                            const net::Conv& op, const TensorView& source,
                                            const TensorRef& result, const StoreUse& store);
/// Whether the family that would be chosen reads a norm or activation while loading without loss.
bool conv_takes_norm(const Draft& draft, const net::Conv& op, const TensorView& source);
/// Whether the family that would be chosen reduces statistics in its store.
bool conv_reduces(const Draft& draft, const net::Conv& op, const TensorView& source);

/// A convolution followed by depth to space, whose result is one plane; its bias is `bias` (host
/// values, or none).
bool conv_stores_cells(const Draft& draft, const net::Conv& op, const TensorView& source,
                       const net::DepthToSpace& next);
void lower_conv_cells(Draft& draft, const std::string& name, const net::Conv& op,
                      const TensorView& source, const net::DepthToSpace& next,
                      const std::vector<float>& bias, const TensorRef& result);
/// Whether the family that would be chosen loads a source through space to depth by `block`.
bool conv_loads_cells(const Draft& draft, const net::Conv& op, const TensorView& source, int block);

void lower_conv_transpose(Draft& draft, const std::string& name, const net::ConvTranspose& op,
                          const TensorView& source, const TensorRef& result, const StoreUse& store);

/// Second operand of a map pass: none, a view, or a host vector.
struct MapOperand {
  std::optional<TensorView> view;
  ResourceId parameter = -1;
  bool reversed = false;
  net::BinaryKind kind = net::BinaryKind::add;
};
/// A second operation of a map pass: result * scale kind tensor * tensor_scale, each scale a host
/// vector; the tensor has the result's shape.
struct MapThen {
  net::BinaryKind kind = net::BinaryKind::add;
  ResourceId scale = -1;
  TensorRef tensor;
  ResourceId tensor_scale = -1;
};
/// result = activation(source kind operand); also materializes any view. `slope`: of PRELU.
void lower_map(Draft& draft, const std::string& name, const TensorView& source,
               const MapOperand& operand, const ActivationUse& activation, ResourceId slope,
               const TensorRef& result, const MapThen& then = {});

/// Partial statistics of a view by a pass of its own.
PartialStatistics lower_statistics(Draft& draft, const std::string& name, const TensorView& source);
/// The norm table of `op` over `channels`; `partial` is empty for stored statistics.
ResourceId lower_norm_table(Draft& draft, const std::string& name, const net::Norm& op,
                            int channels, const std::optional<PartialStatistics>& partial);

void lower_resize(Draft& draft, const std::string& name, const net::Resize& op,
                  const TensorView& source, const TensorRef& result);
void lower_pool(Draft& draft, const std::string& name, const net::Pool& op,
                const TensorView& source, const TensorRef& result);
void lower_global_pool(Draft& draft, const std::string& name, const net::GlobalPool& op,
                       const TensorView& source, const TensorRef& result);
void lower_concat(Draft& draft, const std::string& name, const net::Concat& op,
                  const std::vector<TensorView>& sources, const TensorRef& result);
void lower_slice(Draft& draft, const std::string& name, const net::Slice& op,
                 const TensorView& source, const TensorRef& result);
void lower_depth_to_space(Draft& draft, const std::string& name, const net::DepthToSpace& op,
                          const TensorView& source, const TensorRef& result);
void lower_space_to_depth(Draft& draft, const std::string& name, const net::SpaceToDepth& op,
                          const TensorView& source, const TensorRef& result);
/// A constant activation, packed on the host; returns the tensor in the constants region.
TensorRef lower_constant(Draft& draft, const std::string& name, const net::Constant& op,
                         int channels, int height, int width);

}  // namespace impasto::graph
