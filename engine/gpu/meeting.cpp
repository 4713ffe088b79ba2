#include "engine/gpu/meeting.h"

#include <atomic>

namespace impasto::gpu {
namespace {

constexpr std::uint32_t pitch = 16;  // words: a line of the cache
constexpr std::size_t most_devices = 63;
constexpr std::size_t bytes = sizeof(std::uint32_t) * pitch * (1 + most_devices);

struct Push {
  std::uint32_t index = 0;
  std::uint32_t count = 0;
  std::uint32_t words = pitch;
  std::uint32_t come = 0;
  std::uint32_t if_late = 0;
};

// Workgroups that wait in one dispatch after another, a millisecond each, and are started for
// nothing, a tenth of a microsecond each, once all have come: of a device whose thread others keep
// from its core, and of one that will not come.
constexpr std::uint32_t waits[] = {1, 64, 65535, 0};

KernelKey key() {
  KernelKey key;
  key.module = "meet";
  key.bindings = {BindingKind::storage_write};
  key.push_bytes = sizeof(Push);
  return key;
}

}  // namespace

Meeting::Meeting(Device& device, KernelCache& kernels)
    : kernel_(&kernels.get(key())),
      words_(device, bytes, std::make_shared<const HostMemory>(bytes), "meeting") {}

Meeting::Meeting(Device& device, KernelCache& kernels, const Meeting& other)
    : kernel_(&kernels.get(key())), words_(device, bytes, other.words_.host_memory(), "meeting") {}

void Meeting::record(Recorder& recorder, Share share) const {
  const Binding binding{&words_, 0, bytes};
  const VkDeviceSize grid = sizeof(std::uint32_t) * (pitch * (1 + share.index) + 1);
  Push push{share.index, share.count};
  for (std::size_t i = 0; waits[i] > 0; ++i) {
    push.come = i == 0 ? 1 : 0;
    push.if_late = waits[i + 1];
    const auto push_bytes = std::as_bytes(std::span(&push, 1));
    recorder.barrier(Stage::compute, i == 0 ? Stage::compute : Stage::compute | Stage::indirect);
    if (i == 0) {
      recorder.dispatch(*kernel_, {&binding, 1}, push_bytes, {waits[i], 1, 1}, "meet");
    } else {
      recorder.dispatch_indirect(*kernel_, {&binding, 1}, push_bytes, words_, grid, "meet later");
    }
  }
  recorder.barrier(Stage::compute, Stage::compute);
}

bool Meeting::abandoned() const {
  auto* word = reinterpret_cast<std::uint32_t*>(words_.host_memory()->data());
  return std::atomic_ref(*word).load() != 0;
}

void Meeting::abandon() {
  auto* word = reinterpret_cast<std::uint32_t*>(words_.host_memory()->data());
  std::atomic_ref(*word).store(1);
}

}  // namespace impasto::gpu
