#include "engine/session/first_dispatch.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <set>
#include <thread>
#include <vector>

#include "engine/base/cores.h"
#include "engine/base/debug.h"
#include "engine/gpu/recorder.h"

namespace impasto::session {
namespace {

// Each takes address space for a graph's buffers, and with more the longest kernel is what is left.
constexpr std::size_t most_workers = 8;

struct Task {
  const graph::Pass* pass = nullptr;
  const gpu::KernelKey* key = nullptr;
  double size = 0;  // of the code, as far as loops are unrolled: work of one invocation
};

double work_of_invocation(const graph::Pass& pass) {
  const double groups = 1.0 * pass.groups[0] * pass.groups[1] * pass.groups[2];
  return pass.flops / std::max(1.0, groups * pass.workgroup());
}

/// One per kernel, the longest first, so that all cores are done at about the same time.
std::vector<Task> plan(gpu::KernelCache& kernels, const std::vector<graph::Pass>& passes,
                       const std::vector<gpu::KernelKey>& keys) {
  std::vector<Task> tasks;
  std::set<gpu::KernelKey> planned;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!planned.insert(keys[i]).second || kernels.seen_before(keys[i])) continue;
    tasks.push_back({&passes[i], &keys[i], work_of_invocation(passes[i])});
  }
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Task& a, const Task& b) { return a.size > b.size; });
  return tasks;
}

/// The graph's buffers and kernels on a device of its own.
struct Helper {
  gpu::Device device;
  gpu::KernelCache kernels;
  GraphBuffers buffers;
  gpu::Timeline timeline;

  Helper(const KernelTarget& target, const graph::RenderGraph& graph)
      : device({.selector = target.device.info().name}),
        kernels(device, target.kernels),
        buffers(device, graph),
        timeline(device) {}
  KernelTarget target() { return {device, kernels, buffers, timeline}; }
};

bool translates(const KernelTarget& target) {
  return target.device.info().translates_at_dispatch && !target.kernels.file().empty();
}

// Push constants of zeros are extents of zero: no invocation has anything to do, but some store all
// the same (a workgroup its sums), where nobody may be reading.
void dispatch(const KernelTarget& target, const Task& task) {
  const graph::Pass& pass = *task.pass;
  const std::vector<std::byte> push(pass.push.size());
  gpu::Recorder recorder(target.device, "first dispatch");
  recorder.dispatch(target.kernels.get(*task.key),
                    target.buffers.bindings(pass, target.buffers.constants), push, {1, 1, 1},
                    pass.name);
  target.timeline.wait(target.timeline.submit(recorder.finish()));
}

}  // namespace

void translate_alone(const KernelTarget& target, const graph::RenderGraph& graph,
                     const std::vector<gpu::KernelKey>& keys) {
  if (debug_switches().gpuav) return;  // kernels with nothing to do may look beyond an edge
  const GraphBuffers apart(target.device, graph);
  const KernelTarget on{target.device, target.kernels, apart, target.timeline};
  std::set<gpu::KernelKey> done;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (done.insert(keys[i]).second) dispatch(on, {&graph.passes[i], &keys[i]});
  }
}

void translate_apart(const KernelTarget& target, const graph::RenderGraph& graph,
                     const std::vector<gpu::KernelKey>& keys) noexcept try {
  if (!translates(target)) return;
  const std::vector<Task> tasks = plan(target.kernels, graph.passes, keys);
  if (tasks.empty()) return;
  Helper helper(target, graph);
  for (const Task& task : tasks) dispatch(helper.target(), task);
} catch (const std::exception&) {
  return;  // what is missing is made when the frame is
}

void translate_kernels(const KernelTarget& target, const graph::RenderGraph& graph,
                       const std::vector<graph::Pass>& passes,
                       const std::vector<gpu::KernelKey>& keys) {
  if (!translates(target)) return;
  const std::vector<Task> tasks = plan(target.kernels, passes, keys);
  std::atomic<std::size_t> next = 0;
  const auto work = [&](const KernelTarget& on) {
    for (std::size_t i = next++; i < tasks.size(); i = next++) dispatch(on, tasks[i]);
  };
  const auto help = [&] {
    try {
      Helper helper(target, graph);
      work(helper.target());
    } catch (const std::exception&) {
      return;  // what is missing is made when the frame is
    }
  };
  const std::size_t workers = std::min({most_workers, std::size_t{core_count()}, tasks.size()});
  if (workers < 2) return;
  std::vector<std::jthread> helpers;
  for (std::size_t i = 1; i < workers; ++i) helpers.emplace_back(help);
  work(target);
}

}  // namespace impasto::session
