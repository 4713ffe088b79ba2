// Owns: a graph in the making: resources without an address and passes that name them. Lowering
// appends to it in execution order; place.h gives resources addresses, order.h sets barriers.
// Depends on: render_graph.h, options.h, shaders/abi.h.
#pragma once

#include <cstring>
#include <map>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/graph/options.h"
#include "engine/graph/render_graph.h"
#include "shaders/abi.h"

namespace impasto::graph {

using ResourceId = int;

struct Resource {
  std::string name;
  Region region = Region::arena;
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< known at once for constants and parameters
  std::optional<Range> at;   ///< where it lies, for what another graph placed
};

/// A stored activation: packed by four channels, plane stride height * width texels.
struct TensorRef {
  ResourceId resource = -1;
  int channels = 0;
  int height = 0;
  int width = 0;
  bool half = false;  ///< stored as fp16
  int planes() const { return (channels + 3) / 4; }
  int plane_texels() const { return height * width; }
};

/// An activation with its numbers; the compiler's form of net::Activation without vectors.
struct ActivationUse {
  int kind = abi::ACTIVATION_NONE;
  float a = 0;
  float b = 0;
};

/// How a consumer reads a tensor: matrix (only maps read that, as their operand), norm, activation,
/// product and sum with a vector (only maps read those), nearest upsampling, padding, in that
/// order.
struct TensorView {
  TensorRef tensor;
  /// Space to depth by blocks of cells x cells pixels, with a plane per cell; only the shuffle
  /// convolution reads that.
  int cells = 1;
  ResourceId matrix = -1;  ///< 4 columns
  ResourceId norm_table = -1;
  ActivationUse activation;
  ResourceId scale = -1;  ///< parameters
  ResourceId offset = -1;
  int upsample = 1;
  int pad = abi::PAD_NONE;
  net::Border border;
  float pad_value = 0;
  int height() const { return tensor.height / cells * upsample + border.top + border.bottom; }
  int width() const { return tensor.width / cells * upsample + border.left + border.right; }
  bool plain() const {
    return keeps_values() && cells == 1 && upsample == 1 && pad == abi::PAD_NONE && border.empty();
  }
  bool keeps_values() const {
    return matrix < 0 && norm_table < 0 && activation.kind == abi::ACTIVATION_NONE &&
           !has_vectors();
  }
  bool has_vectors() const { return scale >= 0 || offset >= 0; }
};

struct DraftBinding {
  ResourceId resource = -1;
  Access access = Access::storage_read;
  TexelFormat format = TexelFormat::none;
  std::uint64_t offset = 0;  ///< bytes into the resource
  std::uint64_t size = 0;    ///< 0: to its end
};

struct DraftPass {
  std::string name;
  std::string kernel;
  std::vector<std::uint32_t> constants;
  std::vector<DraftBinding> bindings;
  std::vector<std::byte> push;
  std::array<std::uint32_t, 3> groups{1, 1, 1};
  std::uint32_t subgroup_size = 0;
  double flops = 0;
  std::uint64_t shared_bytes = 0;
  std::optional<Run> run;
  std::optional<Lean> lean;
  bool rows_in_y = false;  ///< of the grid; else tiles by rows in x within z
  /// What it writes may take the bytes of one of these, if nothing reads that later: an invocation
  /// reads of them only the texels that it writes, and each before it does.
  std::vector<ResourceId> replaceable;
};

/// LayerPlace without addresses.
struct DraftLayer {
  std::optional<std::size_t> node;  ///< none yet: that which is being lowered, when it is done
  std::size_t position = 0;
  TensorRef values;
  ResourceId norm_table = -1;
  bool activated = false;
};

class Draft {
 public:
  explicit Draft(CompileOptions compile_options);

  const CompileOptions& options() const { return options_; }
  const DeviceTraits& device() const { return options_.device; }
  /// Invocations of a subgroup.
  int lanes() const { return static_cast<int>(options_.device.subgroup_size); }

  TensorRef tensor(const std::string& name, int channels, int height, int width, bool half);
  /// fp32 vec4 words in the arena: norm tables, partial statistics.
  ResourceId table(const std::string& name, std::uint64_t words);
  /// The same for passes of one Run, `offset` bytes into the scratch memory.
  ResourceId scratch(const std::string& name, std::uint64_t words, std::uint64_t offset = 0);
  /// Up to where another resource may begin: a binding of the device, a cache line.
  std::uint64_t aligned(std::uint64_t bytes) const;
  /// Memory of another graph.
  ResourceId existing(const std::string& name, const Range& range);
  /// Uploaded once; equal names share one copy.
  ResourceId constant(const std::string& name, std::span<const float> values);
  ResourceId constant(const std::string& name, std::span<const std::int32_t> values);
  /// A host-evaluated vector as vec4 words, one per plane of `channels`; size 1 is splat.
  ResourceId parameter(net::ParameterId id, std::size_t size, int channels);
  /// LiveValues, and the planes of the source and the finished frame (bytes).
  ResourceId live_values();
  ResourceId frame_in(std::uint64_t bytes);
  ResourceId frame_out(std::uint64_t bytes);

  /// Bindings as the shader macros TENSOR_IN, TABLE_IN, WORDS_IN, TENSOR_OUT, TABLE_OUT expect
  /// them; a read of -1 binds some constant (a binding that the kernel's constants leave unused).
  DraftBinding tensor_in(const TensorRef& tensor);
  DraftBinding table_in(ResourceId table);
  DraftBinding words_in(ResourceId frame);
  /// Planes [first, first + count) of a tensor; count -1: all. Begins at the last address before
  /// them that the device can bind, out_lead texels earlier; for_plane_windows makes that 0.
  DraftBinding tensor_out(const TensorRef& tensor, int first = 0, int count = -1);
  int out_lead(const TensorRef& tensor, int first) const;
  DraftBinding table_out(ResourceId table);

  /// Module name with the variant that reads and writes tensors stored like these: "map" ->
  /// "map.texel_half". A kernel that does only one of them names that tensor twice.
  std::string tensor_kernel(const std::string& stem, const TensorRef& source,
                            const TensorRef& result, bool shared = false) const;
  std::string table_kernel(const std::string& stem) const;

  /// Group counts for `tiles` workgroups (lib/grid.glsl: x within z) and `planes` of them in y.
  std::array<std::uint32_t, 3> groups(std::int64_t tiles, int planes) const;

  /// Splits the planes of `result` into runs that fit one storage binding and begin at an address
  /// that the device can bind: calls add(first, count).
  template <class Add>
  void for_plane_windows(const TensorRef& result, Add add) const {
    const std::uint64_t plane_bytes = tensor_bytes(result, 1);
    // So many planes are a multiple of the alignment.
    const std::uint64_t unit =
        device().storage_alignment / std::gcd(plane_bytes, device().storage_alignment);
    const std::uint64_t units = device().max_storage_range / plane_bytes / unit;
    const int most = static_cast<int>(std::max<std::uint64_t>(1, units) * unit);
    for (int first = 0; first < result.planes(); first += most) {
      add(first, std::min(most, result.planes() - first));
    }
  }
  /// Of so many planes.
  static std::uint64_t tensor_bytes(const TensorRef& tensor, int planes);

  void add(DraftPass pass);

  std::vector<Resource> resources;
  std::vector<DraftPass> passes;
  std::vector<DraftLayer> layers;
  std::vector<ConvLayer> convolutions;
  std::vector<std::byte> constants;
  std::vector<ParameterSlot> parameters;
  std::uint64_t parameter_bytes = 0;
  std::uint64_t scratch_bytes = 0;

 private:
  std::uint64_t viewed_bytes(std::uint64_t bytes) const;
  ResourceId constant_bytes(const std::string& name, std::span<const std::byte> bytes);
  CompileOptions options_;
  std::map<std::string, ResourceId> constant_names_;
  std::map<std::pair<net::ParameterId, int>, ResourceId> parameter_ids_;
  ResourceId live_ = -1;
};

/// Specialization constants and push structs are structs of 4-byte members (abi.h).
template <class Constants>
std::vector<std::uint32_t> constant_words(const Constants& constants) {
  std::vector<std::uint32_t> words(sizeof(Constants) / 4);
  std::memcpy(words.data(), &constants, sizeof(Constants));
  return words;
}
template <class Push>
std::vector<std::byte> push_bytes(const Push& push) {
  const auto* data = reinterpret_cast<const std::byte*>(&push);
  return {data, data + sizeof(Push)};
}

/// abi::View of a view: strides 0 where the tensor has one plane, row or column to broadcast over
/// an output of [planes][height][width].
abi::View view_push(const TensorView& view);

}  // namespace impasto::graph
