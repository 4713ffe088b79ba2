// Owns: the families of dense convolution kernels over one set of arguments. Depends on: lower.h.
// To add a family: a `NAME_can`, a `lower_conv_NAME`, and its lines in conv_choice.cpp and
// lower_conv.cpp.
#pragma once

#include <string>
#include <vector>

#include "engine/graph/lower.h"

namespace impasto::graph {

/// What a family lowers: the op with its border already in the view, the grid of output pixels
/// that is computed and where they are stored.
struct ConvTask {
  std::string name;
  const net::Conv* op = nullptr;
  TensorView source;
  TensorRef result;
  StoreUse store;
  int grid_height = 0;  ///< of this pass; the result's where step is 1
  int grid_width = 0;
  int out_step = 1;  ///< pixel (y, x) of the grid is stored at (y * step + offset_y, ...)
  int out_offset_y = 0;
  int out_offset_x = 0;
  /// Records of partial statistics: `tile_first` of this task within `tile_stride` per plane.
  ResourceId partials = -1;
  int tile_first = 0;
  int tile_stride = 0;
  /// Depth to space in the store (shuffle alone): output plane p is cell p of the result.
  int cells_out = 1;
  ResourceId bias = -1;  ///< in place of the op's
  /// All of a block of out_step x out_step pixels, row by row, in one pass (shuffle alone): `op` is
  /// the first, and each reads and is stored as much further on as its place in the block says.
  std::vector<const net::Conv*> phases;
};

enum class ConvKernel { winograd, shuffle, tiled, depthwise, generic };
struct ConvVariant {
  ConvKernel kernel = ConvKernel::generic;
  std::string tiled_shape;  ///< of tiled; empty: the built-in choice
  int tile_side = 4;        ///< of winograd: outputs of a tile along each axis, 4 or 6
};
/// options.family where it can, or options.conv_choices, or the built-in choice for this device.
ConvVariant choose_conv(const Draft& draft, const net::Conv& op, const TensorView& source);
/// Adds the shape to draft.convolutions, unless it is there.
void note_conv_layer(Draft& draft, const net::Conv& op, const TensorView& source);

/// Sides of the tiles that the layer and the device can have, that of the built-in choice first:
/// the one whose products cost less, with those of tiles that end outside of the layer, on one
/// device, whose bits several that share the layer have to give.
std::vector<int> winograd_sides(const Draft& draft, const net::Conv& op, const TensorView& source);
/// Whether the layer is wide enough to pay for the transforms, as far as can be said without
/// timing.
bool winograd_pays(const net::Conv& op);
bool shuffle_can(const Draft& draft, const net::Conv& op, const TensorView& source);
bool tiled_can(const Draft& draft, const net::Conv& op, const TensorView& source);
/// Those of tiled_shapes() that the layer and the device can have.
std::vector<std::string> tiled_shapes_of(const Draft& draft, const net::Conv& op);
bool depthwise_can(const net::Conv& op);

/// Records of partial statistics per plane that the chosen kernel writes; 0: it writes none.
int conv_tiles(const Draft& draft, const net::Conv& op, const TensorView& source, int grid_height,
               int grid_width);
/// Lowers a task by the chosen kernel, and notes its shape in draft.convolutions.
void lower_conv_task(Draft& draft, const ConvTask& task);

int winograd_records(const Draft& draft, int tile_side, int grid_height, int grid_width);
/// How often a lane of `shuffle` loads each pixel of a source plane, on average.
double shuffle_loads(const net::Conv& op);
int shuffle_tiles(const Draft& draft, const net::Conv& op, int grid_height, int grid_width);
int tiled_tiles(const Draft& draft, const net::Conv& op, const std::string& shape, int grid_height,
                int grid_width);

void lower_conv_winograd(Draft& draft, const ConvTask& task, int tile_side);
void lower_conv_shuffle(Draft& draft, const ConvTask& task);
void lower_conv_tiled(Draft& draft, const ConvTask& task, const std::string& shape);
void lower_conv_depthwise(Draft& draft, const ConvTask& task);
void lower_conv_generic(Draft& draft, const ConvTask& task);

/// Dense weights as [out plane][in plane][ky][kx][in lane] vec4 of out lanes, zeros past the ends.
std::vector<float> pack_dense(const net::Conv& op);

/// The same convolution of a source with a plane of `channels` (3 or 4) per cell of a block.
net::Conv spread_inputs(const net::Conv& op, int channels);

/// Makes a map of what the last pass stores, a shuffle convolution whose result is one plane of
/// cells, its store instead of a pass, where that can have it: the tensor of that pass is not
/// written then. `source` is its result, as lower_map takes it.
bool map_is_store(Draft& draft, const TensorView& source, const MapOperand& operand,
                  const ActivationUse& activation, const TensorRef& result, const MapThen& then);

/// The push struct of a task, all but `first_plane`.
abi::ConvPush conv_push(const ConvTask& task);
/// The constants that every family fills alike: view, kernel, strides, bias, store.
abi::ConvConstants conv_constants(const ConvTask& task);

}  // namespace impasto::graph
