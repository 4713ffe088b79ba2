#include "engine/session/crew.h"

#include <chrono>
#include <exception>

#include "engine/base/debug.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/gpu/peak.h"

namespace impasto::session {
namespace {

// Where all wait for the slowest at every pass, and each compiles kernels of its own.
constexpr unsigned most_devices = 8;

}  // namespace

unsigned crew_size() {
  if (debug_switches().gpuav) return 1;  // the layer waits for each submit before the next
  return core_count() <= most_devices ? core_count() : 1;
}

Crew::Crew(const gpu::Device& own, const gpu::KernelCache& kernels)
    : own_(own), kernels_(kernels) {}

Crew::~Crew() {
  leave();
}

void Crew::join(const Executor& executor) {
  leave();
  pace_ = {};
  for_good_ = false;
  try {
    while (helpers_.size() + 1 < crew_size()) {
      const CrewSeat seat(static_cast<unsigned>(helpers_.size()) + 1);
      Helper helper;
      helper.device =
          std::make_unique<gpu::Device>(gpu::DeviceRequest{.selector = own_.info().name});
      helper.kernels = std::make_unique<gpu::KernelCache>(*helper.device, kernels_);
      helpers_.push_back(std::move(helper));
    }
  } catch (const Error&) {
    std::promise<std::vector<std::unique_ptr<Worker>>> nobody;
    nobody.set_exception(std::current_exception());
    ready_ = nobody.get_future();
    return;
  }
  ready_ = std::async(std::launch::async, [this, &executor] {
    std::vector<std::unique_ptr<Worker>> workers;
    for (Helper& helper : helpers_) {
      workers.push_back(executor.enlist(*helper.device, *helper.kernels));
    }
    return workers;
  });
}

void Crew::leave() {
  if (ready_.valid()) ready_.wait();
  ready_ = {};
}

void Crew::let_in_for_good(Executor& executor) {
  for_good_ = true;
  if (ready_.valid()) ready_.wait();
  let_in(executor);
}

void Crew::let_in(Executor& executor) {
  if (ready_.valid() && ready_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) {
    try {
      executor.admit(ready_.get());
    } catch (const Error& error) {
      log::warning(std::string("one core alone works at a frame: ") + error.what());
      executor.admit({});
    }
  }
  executor.work_together(for_good_ || pace_.together());
}

void Crew::note(const Executor& executor, int slot) {
  if (for_good_) return;
  pace_.note(executor.workers_at(slot) > 1, executor.network_ms(slot));
}

std::future<double> Crew::measure_peak_gflops() {
  if (ready_.valid()) ready_.wait();  // they are at work until then
  return std::async(std::launch::async, [this] {
    std::vector<std::future<double>> each;
    for (Helper& helper : helpers_) {
      each.push_back(std::async(std::launch::async, [&helper] {
        return gpu::measure_peak(*helper.device, *helper.kernels).gflops;
      }));
    }
    double sum = 0;
    for (auto& gflops : each) sum += gflops.get();
    return sum;
  });
}

}  // namespace impasto::session
