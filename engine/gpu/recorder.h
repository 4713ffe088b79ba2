// Owns: commands that are recorded once and submitted any number of times (again only when the last
// time has completed), with the descriptor sets, buffer views and queries that they use. They are
// one command buffer, or several for submits of their own, in order, where cut() was called.
// Depends on: device, memory, kernel. The recorder adds no barrier of its own: the caller says
// where one is needed. Work submitted earlier to the same queue is ordered before a recording only
// by a barrier inside one of them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"
#include "engine/gpu/kernel.h"
#include "engine/gpu/memory.h"

namespace impasto::gpu {

/// Range of a buffer for the binding of the same index; its kind is the kernel's. Offset and size
/// in bytes, aligned and bounded as DeviceInfo says.
struct Binding {
  const Buffer* buffer = nullptr;
  VkDeviceSize offset = 0;
  VkDeviceSize size = 0;
  VkFormat texel_format = VK_FORMAT_UNDEFINED;  ///< of a texel_read
};

/// Who touches memory before or after a barrier; combined with |. indirect: grids of dispatches.
enum class Stage : std::uint32_t { compute = 1, transfer = 2, host = 4, indirect = 8 };
constexpr Stage operator|(Stage a, Stage b) {
  return static_cast<Stage>(static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b));
}

/// What one of several devices runs of a dispatch that they work at together.
struct Share {
  std::uint32_t index = 0;
  std::uint32_t count = 1;
};

/// How a dispatch is cut into runs of workgroups along an axis of its grid: the share of a device,
/// and that into parts with a command buffer each, at most as many as there are workgroups. Along x
/// only where z is 1 (what lib/grid.glsl counts right).
struct Cut {
  std::uint32_t axis = 0;
  std::uint32_t parts = 1;
  Share share = {};
};

class Recorder {
 public:
  /// Starts recording. `timestamps`: how many timestamp() may write.
  Recorder(Device& device, const std::string& name, std::uint32_t timestamps = 0);
  ~Recorder();  ///< waits until the queue is idle: an error may leave it in flight
  Recorder(Recorder&&) noexcept = default;
  Recorder& operator=(Recorder&&) noexcept = default;

  /// `push` has exactly the kernel's push_bytes. `label` names the pass in messages and debuggers.
  /// A `cut` needs a kernel whose key says in_parts.
  void dispatch(const Kernel& kernel, std::span<const Binding> bindings,
                std::span<const std::byte> push, std::array<std::uint32_t, 3> groups,
                const std::string& label, const Cut& cut = {});
  /// The grid is three words at `grid_offset` bytes of `grid`, read when it is time.
  void dispatch_indirect(const Kernel& kernel, std::span<const Binding> bindings,
                         std::span<const std::byte> push, const Buffer& grid,
                         VkDeviceSize grid_offset, const std::string& label);
  /// What follows is recorded into another command buffer.
  void cut();
  /// All writes of `before` are visible to all accesses of `after`, for all memory.
  void barrier(Stage before, Stage after);
  void copy(const Buffer& from, VkDeviceSize from_offset, const Buffer& to, VkDeviceSize to_offset,
            VkDeviceSize size);
  void copy_regions(const Buffer& from, const Buffer& to, std::span<const VkBufferCopy> regions);
  /// Offset and size in bytes, multiples of 4.
  void fill(const Buffer& buffer, VkDeviceSize offset, VkDeviceSize size, std::uint32_t value);
  /// The time when everything recorded so far has finished. No effect on a device without them.
  void timestamp(std::uint32_t index);

  /// Ends the recording; from here it may be submitted. Returns the last command buffer.
  VkCommandBuffer finish();
  std::span<const VkCommandBuffer> commands() const { return buffers_; }

  /// Milliseconds of each timestamp since timestamp 0, once the submission has completed; empty on
  /// a device without timestamps. Those not recorded are 0.
  std::vector<double> timestamps_ms() const;

 private:
  void begin_commands();
  VkDescriptorSet allocate_set(const Kernel& kernel);
  VkDescriptorSet write_set(const Kernel& kernel, std::span<const Binding> bindings,
                            const std::string& label);
  void bind(const Kernel& kernel, VkDescriptorSet set, std::span<const std::byte> push);
  VkBufferView make_view(const Binding& binding);
  Device* device_;
  std::string name_;
  Handle<VkCommandPool, vkDestroyCommandPool> command_pool_;
  std::vector<VkCommandBuffer> buffers_;
  VkCommandBuffer commands_ = VK_NULL_HANDLE;  // the last of them
  Handle<VkQueryPool, vkDestroyQueryPool> queries_;
  std::vector<bool> timestamps_written_;
  std::vector<Handle<VkDescriptorPool, vkDestroyDescriptorPool>> descriptor_pools_;
  std::uint32_t sets_left_ = 0;     // in the last pool
  std::uint32_t storage_left_ = 0;  // storage buffer descriptors
  std::uint32_t texel_left_ = 0;    // texel buffer descriptors
  std::vector<Handle<VkBufferView, vkDestroyBufferView>> views_;
};

}  // namespace impasto::gpu
