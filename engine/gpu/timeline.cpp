#include "engine/gpu/timeline.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "engine/base/debug.h"

namespace impasto::gpu {

Timeline::Timeline(Device& device) : device_(device) {
  VkSemaphoreTypeCreateInfo type{VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO};
  type.semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE;
  const VkSemaphoreCreateInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, &type};
  VkSemaphore semaphore = VK_NULL_HANDLE;
  check(vkCreateSemaphore(device.get(), &info, nullptr, &semaphore), "vkCreateSemaphore");
  semaphore_ = {device.get(), semaphore};
  device.set_name(semaphore, VK_OBJECT_TYPE_SEMAPHORE, "timeline");
}

Timeline::~Timeline() {
  device_.wait_idle();
}

std::uint64_t Timeline::submit(std::span<const VkCommandBuffer> commands,
                               std::span<const VkSemaphoreSubmitInfo> waits,
                               std::span<const VkSemaphoreSubmitInfo> signals) {
  assert(commands.size() <= max_submit && signals.size() < max_submit);
  std::array<VkCommandBufferSubmitInfo, max_submit> command_infos;
  for (std::size_t i = 0; i < commands.size(); ++i) {
    command_infos[i] = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO};
    command_infos[i].commandBuffer = commands[i];
  }
  const std::lock_guard lock(device_.queue_mutex());
  std::array<VkSemaphoreSubmitInfo, max_submit> signal_infos;
  std::copy(signals.begin(), signals.end(), signal_infos.begin());
  VkSemaphoreSubmitInfo& own = signal_infos[signals.size()];
  own = {VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO};
  own.semaphore = semaphore_.get();
  own.value = submitted_ + 1;
  own.stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT;

  VkSubmitInfo2 info{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
  info.waitSemaphoreInfoCount = static_cast<std::uint32_t>(waits.size());
  info.pWaitSemaphoreInfos = waits.data();
  info.commandBufferInfoCount = static_cast<std::uint32_t>(commands.size());
  info.pCommandBufferInfos = command_infos.data();
  info.signalSemaphoreInfoCount = static_cast<std::uint32_t>(signals.size() + 1);
  info.pSignalSemaphoreInfos = signal_infos.data();
  check(vkQueueSubmit2(device_.queue(), 1, &info, VK_NULL_HANDLE), "vkQueueSubmit2");
  ++device_.submits;
  return ++submitted_;
}

// The validation layer's GPU-assisted mode (1.3.239) does not see timelines signalled and would
// hold every question about them for 10 s; the idle queue it does see.
bool Timeline::wait(std::uint64_t value, std::chrono::nanoseconds timeout) {
  assert(value <= submitted_);
  if (debug_switches().gpuav) {
    device_.wait_idle();
    return true;
  }
  const VkSemaphore semaphore = semaphore_.get();
  VkSemaphoreWaitInfo info{VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO};
  info.semaphoreCount = 1;
  info.pSemaphores = &semaphore;
  info.pValues = &value;
  const auto limit = static_cast<std::uint64_t>(std::max<std::int64_t>(timeout.count(), 0));
  const VkResult result = vkWaitSemaphores(device_.get(), &info, limit);
  check(result, "vkWaitSemaphores");
  return result == VK_SUCCESS;
}

std::uint64_t Timeline::completed() const {
  if (debug_switches().gpuav) {
    device_.wait_idle();
    return submitted_;
  }
  std::uint64_t value = 0;
  check(vkGetSemaphoreCounterValue(device_.get(), semaphore_.get(), &value),
        "vkGetSemaphoreCounterValue");
  return value;
}

}  // namespace impasto::gpu
