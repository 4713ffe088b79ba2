#include "engine/graph/draft.h"

#include <algorithm>
#include <cassert>

namespace impasto::graph {
namespace {

constexpr std::uint64_t cache_line_bytes = 64;

}  // namespace

Draft::Draft(CompileOptions compile_options) : options_(compile_options) {
  // Pages cost nothing until they are written, but all is copied each time that a vector grows.
  constexpr std::size_t room_for_constants = 64U << 20;
  constants.reserve(room_for_constants);
  // Bound where a kernel's constants leave a binding unused.
  const float zeros[4] = {0, 0, 0, 0};
  constant("unused", zeros);
}

std::uint64_t Draft::tensor_bytes(const TensorRef& tensor, int planes) {
  return static_cast<std::uint64_t>(planes) * static_cast<std::uint64_t>(tensor.height) *
         static_cast<std::uint64_t>(tensor.width) * (tensor.half ? 8 : 16);
}

// lavapipe takes the second byte of a texel buffer view's size for a number of mipmaps, and
// compiles a kernel again where that is 0 for one pass and another number for the next: no tensor
// or table has such a size. (The frame and LiveValues are each read by one kernel.)
std::uint64_t Draft::viewed_bytes(std::uint64_t bytes) const {
  return options_.texel_reads && (bytes >> 8 & 0xff) == 0 ? bytes + 256 : bytes;
}

TensorRef Draft::tensor(const std::string& name, int channels, int height, int width, bool half) {
  TensorRef result{static_cast<ResourceId>(resources.size()), channels, height, width, half};
  const std::uint64_t bytes = viewed_bytes(tensor_bytes(result, result.planes()));
  resources.push_back({name, Region::arena, bytes, 0, {}});
  return result;
}

ResourceId Draft::table(const std::string& name, std::uint64_t words) {
  resources.push_back({name, Region::arena, viewed_bytes(words * 16), 0, {}});
  return static_cast<ResourceId>(resources.size()) - 1;
}

ResourceId Draft::scratch(const std::string& name, std::uint64_t words, std::uint64_t offset) {
  resources.push_back({name, Region::scratch, viewed_bytes(words * 16), offset, {}});
  const auto id = static_cast<ResourceId>(resources.size()) - 1;
  scratch_bytes = std::max(scratch_bytes, aligned(offset + resources.back().bytes));
  return id;
}

std::uint64_t Draft::aligned(std::uint64_t bytes) const {
  const std::uint64_t alignment =
      std::max({cache_line_bytes, device().storage_alignment, device().texel_alignment});
  return (bytes + alignment - 1) / alignment * alignment;
}

ResourceId Draft::existing(const std::string& name, const Range& range) {
  resources.push_back({name, range.region, range.size, range.offset, range});
  return static_cast<ResourceId>(resources.size()) - 1;
}

ResourceId Draft::constant_bytes(const std::string& name, std::span<const std::byte> bytes) {
  const std::uint64_t size = viewed_bytes((bytes.size() + 15) / 16 * 16);
  // Names come from models and need not be unique: only the same bytes share a copy.
  if (const auto found = constant_names_.find(name); found != constant_names_.end()) {
    const Resource& known = resources[static_cast<std::size_t>(found->second)];
    if (known.bytes == size &&
        std::equal(bytes.begin(), bytes.end(),
                   constants.begin() + static_cast<std::ptrdiff_t>(known.offset))) {
      return found->second;
    }
  }
  constants.resize(aligned(constants.size()));
  const std::uint64_t offset = constants.size();
  constants.insert(constants.end(), bytes.begin(), bytes.end());
  constants.resize(offset + size);
  resources.push_back({name, Region::constants, size, offset, {}});
  const auto id = static_cast<ResourceId>(resources.size()) - 1;
  constant_names_[name] = id;
  return id;
}

ResourceId Draft::constant(const std::string& name, std::span<const float> values) {
  return constant_bytes(name, std::as_bytes(values));
}

ResourceId Draft::constant(const std::string& name, std::span<const std::int32_t> values) {
  return constant_bytes(name, std::as_bytes(values));
}

ResourceId Draft::live_values() {
  if (live_ < 0) {
    resources.push_back({"live values", Region::parameters, sizeof(LiveValues), 0, {}});
    live_ = static_cast<ResourceId>(resources.size()) - 1;
    parameter_bytes = aligned(sizeof(LiveValues));
  }
  return live_;
}

ResourceId Draft::parameter(net::ParameterId id, std::size_t size, int channels) {
  live_values();  // LiveValues come first in the region
  const int planes = (channels + 3) / 4;
  const auto key = std::pair{id, planes};
  const auto found = parameter_ids_.find(key);
  if (found != parameter_ids_.end()) return found->second;
  assert(size == 1 || size == static_cast<std::size_t>(channels));
  const std::uint64_t bytes = viewed_bytes(static_cast<std::uint64_t>(planes) * 16);
  parameters.push_back({id, parameter_bytes, planes, size == 1});
  resources.push_back(
      {"parameter " + std::to_string(id), Region::parameters, bytes, parameter_bytes, {}});
  parameter_bytes += aligned(bytes);
  const auto resource = static_cast<ResourceId>(resources.size()) - 1;
  parameter_ids_[key] = resource;
  return resource;
}

ResourceId Draft::frame_in(std::uint64_t bytes) {
  resources.push_back({"frame in", Region::frame_in, bytes, 0, {}});
  return static_cast<ResourceId>(resources.size()) - 1;
}

ResourceId Draft::frame_out(std::uint64_t bytes) {
  resources.push_back({"frame out", Region::frame_out, bytes, 0, {}});
  return static_cast<ResourceId>(resources.size()) - 1;
}

DraftBinding Draft::tensor_in(const TensorRef& tensor) {
  const TexelFormat format = tensor.half ? TexelFormat::rgba16f : TexelFormat::rgba32f;
  if (tensor.resource < 0) {
    return {0, options_.texel_reads ? Access::texel_read : Access::storage_read,
            options_.texel_reads ? format : TexelFormat::none, 0, 0};
  }
  if (!options_.texel_reads)
    return {tensor.resource, Access::storage_read, TexelFormat::none, 0, 0};
  return {tensor.resource, Access::texel_read, format, 0, 0};
}

DraftBinding Draft::table_in(ResourceId table) {
  const ResourceId resource = std::max(table, 0);
  if (!options_.texel_reads) return {resource, Access::storage_read, TexelFormat::none, 0, 0};
  return {resource, Access::texel_read, TexelFormat::rgba32f, 0, 0};
}

DraftBinding Draft::words_in(ResourceId frame) {
  if (!options_.texel_reads) return {frame, Access::storage_read, TexelFormat::none, 0, 0};
  return {frame, Access::texel_read, TexelFormat::r32ui, 0, 0};
}

DraftBinding Draft::tensor_out(const TensorRef& tensor, int first, int count) {
  const std::uint64_t plane = tensor_bytes(tensor, 1);
  const int planes = count < 0 ? tensor.planes() - first : count;
  const std::uint64_t begin = static_cast<std::uint64_t>(first) * plane;
  const std::uint64_t offset = begin / device().storage_alignment * device().storage_alignment;
  return {tensor.resource, Access::storage_write, TexelFormat::none, offset,
          begin - offset + static_cast<std::uint64_t>(planes) * plane};
}

int Draft::out_lead(const TensorRef& tensor, int first) const {
  const std::uint64_t begin = tensor_bytes(tensor, first);
  return static_cast<int>(begin % device().storage_alignment / (tensor.half ? 8 : 16));
}

DraftBinding Draft::table_out(ResourceId table) {
  return {table, Access::storage_write, TexelFormat::none, 0, 0};
}

std::string Draft::tensor_kernel(const std::string& stem, const TensorRef& source,
                                 const TensorRef& result, bool shared) const {
  std::string name = stem + (options_.texel_reads ? ".texel" : ".storage");
  // A texel view converts what it reads.
  if (options_.texel_reads || source.half == result.half) {
    if (result.half) name += "_half";
  } else {
    name += source.half ? "_widen" : "_narrow";
  }
  if (shared) name += "_shared";
  return name;
}

std::string Draft::table_kernel(const std::string& stem) const {
  return stem + (options_.texel_reads ? ".texel" : ".storage");
}

std::array<std::uint32_t, 3> Draft::groups(std::int64_t tiles, int planes) const {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(tiles, 1));
  const std::uint64_t z = (count + device().max_groups - 1) / device().max_groups;
  return {static_cast<std::uint32_t>((count + z - 1) / z), static_cast<std::uint32_t>(planes),
          static_cast<std::uint32_t>(z)};
}

void Draft::add(DraftPass pass) {
  passes.push_back(std::move(pass));
}

abi::View view_push(const TensorView& view) {
  abi::View push{};
  push.plane_stride = view.tensor.plane_texels();
  push.row_stride = view.tensor.width * view.cells;
  push.column_stride = view.cells;
  push.height = view.tensor.height / view.cells * view.upsample;
  push.width = view.tensor.width / view.cells * view.upsample;
  push.offset_y = view.border.top;
  push.offset_x = view.border.left;
  push.pad_value = view.pad_value;
  push.a = view.activation.a;
  push.b = view.activation.b;
  return push;
}

}  // namespace impasto::graph
