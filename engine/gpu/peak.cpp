#include "engine/gpu/peak.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/gpu/memory.h"
#include "engine/gpu/recorder.h"
#include "engine/gpu/timeline.h"

namespace impasto::gpu {

namespace {

constexpr std::uint32_t steps_per_iteration = 8;  // of peak.comp
constexpr double target_seconds = 0.02;           // per run: launch costs vanish, no watchdog near
constexpr int runs = 4;

struct Push {
  std::uint32_t iterations = 0;
  float a = 0.999F;
  float b = 0.001F;
};

struct Variant {
  const char* module;
  std::uint32_t chains;
};
constexpr Variant variants[] = {{"peak.chains8", 8}, {"peak.chains16", 16}, {"peak.chains24", 24}};

// Enough lanes to fill any device, a multiple of every workgroup size below.
constexpr std::uint32_t lanes = 1 << 17;
// Software devices run a workgroup per thread: far fewer lanes, so that a run has some iterations.
constexpr std::uint32_t lanes_of_cpu = 1 << 12;

double seconds(Device& device, Timeline& timeline, const Kernel& kernel, const Buffer& result,
               std::uint32_t groups, std::uint32_t iterations) {
  const Push push{iterations};
  Recorder recorder(device, "peak", 2);
  const Binding binding{&result, 0, result.size()};
  recorder.timestamp(0);
  recorder.dispatch(kernel, {&binding, 1}, std::as_bytes(std::span(&push, 1)), {groups, 1, 1},
                    "peak");
  recorder.timestamp(1);
  const auto begin = std::chrono::steady_clock::now();
  timeline.wait(timeline.submit(recorder.finish()));
  const std::chrono::duration<double> host = std::chrono::steady_clock::now() - begin;
  const std::vector<double> times = recorder.timestamps_ms();
  return times.empty() || times[1] <= 0 ? host.count() : times[1] * 1e-3;
}

}  // namespace

Peak measure_peak(Device& device, KernelCache& kernels) {
  const std::uint32_t count = device.info().type == DeviceType::cpu ? lanes_of_cpu : lanes;
  const Buffer result(device, count * sizeof(float), MemoryUse::device, "peak");
  Timeline timeline(device);
  Peak best;
  for (const Variant& variant : variants) {
    for (std::uint32_t local : {32U, 64U, 128U, 256U}) {
      if (local > device.info().max_workgroup_invocations) continue;
      const Kernel& kernel = kernels.get({.module = variant.module,
                                          .constants = {local},
                                          .bindings = {BindingKind::storage_write},
                                          .push_bytes = sizeof(Push)});
      // Grow until a run is long enough to be measured, then measure.
      std::uint32_t iterations = 16;
      double time = seconds(device, timeline, kernel, result, count / local, iterations);
      while (time < target_seconds && iterations < 1U << 20) {
        const double factor = std::clamp(1.2 * target_seconds / time, 2.0, 8.0);
        iterations = static_cast<std::uint32_t>(iterations * factor);
        time = seconds(device, timeline, kernel, result, count / local, iterations);
      }
      for (int run = 1; run < runs; ++run) {
        time = std::min(time, seconds(device, timeline, kernel, result, count / local, iterations));
      }
      const double operations =
          2.0 * variant.chains * steps_per_iteration * iterations * static_cast<double>(count);
      const double gflops = operations / time * 1e-9;
      if (gflops > best.gflops) {
        best = {gflops, std::string(variant.module) + " x " + std::to_string(local)};
      }
    }
  }
  return best;
}

}  // namespace impasto::gpu
