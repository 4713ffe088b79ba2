// Owns: the timeline semaphore that orders submissions and lets the host wait for them.
// Depends on: device.h. Nothing is allocated when work is submitted.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>

#include "engine/gpu/device.h"
#include "engine/gpu/handle.h"

namespace impasto::gpu {

class Timeline {
 public:
  /// At most this many command buffers, waits and signals in one submit.
  static constexpr std::size_t max_submit = 16;

  explicit Timeline(Device& device);
  ~Timeline();  ///< waits until the queue is idle, so that what was submitted may be destroyed

  /// Submits in order; returns the value that the timeline has when they have completed. `waits`
  /// and `signals` are semaphores besides the timeline (a swapchain's). Thread-safe. Throws
  /// Error{gpu}, also when the device was lost.
  std::uint64_t submit(std::span<const VkCommandBuffer> commands,
                       std::span<const VkSemaphoreSubmitInfo> waits = {},
                       std::span<const VkSemaphoreSubmitInfo> signals = {});
  std::uint64_t submit(VkCommandBuffer commands) { return submit({&commands, 1}); }

  /// False where the timeout passed first. Throws Error{gpu} when the device was lost.
  bool wait(std::uint64_t value,
            std::chrono::nanoseconds timeout = std::chrono::nanoseconds::max());
  /// The last value reached; does not wait.
  std::uint64_t completed() const;
  /// The last value that submit() returned.
  std::uint64_t submitted() const { return submitted_; }

 private:
  Device& device_;
  Handle<VkSemaphore, vkDestroySemaphore> semaphore_;
  std::atomic<std::uint64_t> submitted_ = 0;  // guarded by the queue's mutex when it changes
};

}  // namespace impasto::gpu
