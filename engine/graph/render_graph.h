// Owns: the compiled network as plain data: a flat list of passes over ranges of a few regions of
// memory. Depends on: net (parameter numbers). Made by compile.h, run by session/executor.h; it can
// be printed, compared and tested without a device.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/net/net.h"

namespace impasto::graph {

/// Where a range lies; the executor has one buffer (per block) for each.
enum class Region {
  arena,       ///< activations, statistics, norm tables: reused within a frame
  constants,   ///< weights and index tables, uploaded once
  parameters,  ///< LiveValues and the host-evaluated vectors, uploaded per frame
  frame_in,    ///< planes of the decoded frame
  frame_out,   ///< planes of the finished frame
  features,    ///< what a feature view reads (feature_graph.h)
  scratch,     ///< between passes of one Run: each device that works at the frame has its own
};

/// Bytes [offset, offset + size) of a block of a region (block 0 but in the arena).
struct Range {
  Region region = Region::arena;
  std::uint32_t block = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool overlaps(const Range& other) const {
    return region == other.region && block == other.block && offset < other.offset + other.size &&
           other.offset < offset + size;
  }
};

enum class Access { storage_read, storage_write, texel_read };
enum class TexelFormat { none, rgba32f, rgba16f, r32ui };

struct Binding {
  Range range;
  Access access = Access::storage_read;
  TexelFormat format = TexelFormat::none;
};

/// Passes of a layer that one device runs after one another, beside those of the layer's other
/// runs: they write other bytes, but for Region::scratch.
struct Run {
  std::uint32_t layer = 0;  ///< a number
  std::uint32_t index = 0;
  std::uint32_t count = 0;
};

/// For the same bits: a kernel with less code, which a driver compiles sooner and which runs
/// slower.
struct Lean {
  std::vector<std::uint32_t> constants;
  std::array<std::uint32_t, 3> groups{1, 1, 1};
};

struct Pass {
  std::string name;    ///< the layer, as the model names it
  std::string kernel;  ///< module in shaders/
  std::vector<std::uint32_t> constants;
  std::vector<Binding> bindings;
  std::vector<std::byte> push;
  std::array<std::uint32_t, 3> groups{1, 1, 1};
  std::uint32_t subgroup_size = 0;  ///< required; 0: any
  bool barrier = false;             ///< wait for the writes of the passes before
  bool meets = false;               ///< wait for those of other devices at the frame too
  std::optional<Run> run;           ///< none: each device runs a share of the workgroups
  std::optional<Lean> lean;         ///< in place of constants and groups
  /// Axis of the grid along which it is cut into shares: rows of the picture, as far as may be.
  std::uint32_t cut_axis = 0;
  double flops = 0;                ///< executed, 2 per multiply-accumulate
  double bytes = 0;                ///< moved to and from memory, each operand once
  std::uint64_t shared_bytes = 0;  ///< of a workgroup's tiles
  /// Invocations of a workgroup: constant 0 of every kernel (shaders/abi.h).
  std::uint32_t workgroup() const { return constants.empty() ? 1 : constants.front(); }
};

/// First words of the parameters region: what a user changes without recompiling.
struct LiveValues {
  float strength = 1;     ///< 0: the source, exactly; 1: the stylised picture
  float keep_colors = 0;  ///< 1: luma of the result, chroma of the source
  float reserved[2] = {0, 0};
};

/// Where a parameter's vec4 words lie in the parameters region (bytes; padded to 4 channels with
/// 0).
struct ParameterSlot {
  net::ParameterId parameter = net::none;
  std::uint64_t offset = 0;
  int planes = 0;
  bool splat = false;  ///< one number for all channels
};

/// What a node of the network stores: right before pass `position` it lies there. Of a norm, which
/// stores no values of its own, its input and its table.
struct LayerPlace {
  std::size_t node = 0;  ///< index into Net::nodes
  std::size_t position = 0;
  Range values;
  std::optional<Range> norm_table;
  int channels = 0;
  int height = 0;
  int width = 0;
  bool half = false;       ///< how the values are stored
  bool activated = false;  ///< with the activation that follows the node
};

/// Dense convolutions of one shape: how they are computed here, and how they could be.
struct ConvLayer {
  std::string shape;   ///< "3x3 128->128 at 160x120", with what else a kernel may depend on
  std::string kernel;  ///< "winograd", "tiled:L+prefetch"
  std::vector<std::string> kernels;  ///< all that can, `kernel` among them
};

struct RenderGraph {
  std::vector<Pass> passes;
  std::vector<ConvLayer> convolutions;      ///< each shape once, in the order of execution
  std::vector<LayerPlace> layers;           ///< in the order of net::Net::nodes
  std::vector<std::uint64_t> arena_blocks;  ///< bytes of each
  std::vector<std::byte> constants;
  std::vector<ParameterSlot> parameters;
  std::uint64_t parameter_bytes = 0;
  std::uint64_t scratch_bytes = 0;
  std::uint64_t frame_in_bytes = 0;
  std::uint64_t frame_out_bytes = 0;
  std::uint64_t live_bytes = 0;  ///< the largest sum of live tensors: a lower bound of the arena
  std::size_t first_network =
      0;  ///< passes [first, last) are the network's, the others the frame's
  std::size_t last_network = 0;

  std::uint64_t arena_bytes() const;
};

/// The passes by their lean kernels, where they have some.
std::vector<Pass> lean_passes(std::vector<Pass> passes);

/// One line per pass: number, barrier, name, kernel, groups, constants, ranges; then one per shape
/// of convolution. Golden texts use it.
std::string to_text(const RenderGraph& graph);
/// What a pass asks of a device, one line each: invocations, shared memory, how many workgroups of
/// it a compute unit of a usual GPU holds, operations, bytes and their quotient. By computation:
/// nothing here was timed.
std::string to_demands(const RenderGraph& graph);
/// The same as a drawing for graphviz.
std::string to_dot(const RenderGraph& graph);

}  // namespace impasto::graph
