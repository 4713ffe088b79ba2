#include "app/cli/bench.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>

#include "app/cli/generated_frame.h"
#include "app/cli/signals.h"
#include "engine/base/error.h"
#include "engine/base/log.h"

namespace impasto::app {
namespace {

using nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// Since the process was started, its loading included, by the kernel's clock of 10 ms (proc(5)).
double ms_of_process() {
  std::ifstream file("/proc/self/stat");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  // The name of the program, in brackets, may hold anything.
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  constexpr int fields_before_start = 19;
  std::string skipped;
  for (int i = 0; i < fields_before_start; ++i) fields >> skipped;
  double ticks = 0;
  fields >> ticks;
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec) -
         1e3 * ticks / static_cast<double>(sysconf(_SC_CLK_TCK));
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// Nearest rank.
double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
  return values[std::min(rank, values.size() - 1)];
}

double gflops(double flops, double ms) {
  return ms > 0 ? flops / ms / 1e6 : 0;
}

/// What a device was asked for per frame after the first ones; submits alone in a steady run.
ordered_json describe_counters(const gpu::DeviceCounters& before, const gpu::DeviceCounters& after,
                               int frames) {
  const auto each = [&](std::uint64_t gpu::DeviceCounters::*counter) {
    return static_cast<double>(after.*counter - before.*counter) / frames;
  };
  return {{"allocations", each(&gpu::DeviceCounters::allocations)},
          {"pipelines", each(&gpu::DeviceCounters::pipelines)},
          {"descriptor_sets", each(&gpu::DeviceCounters::descriptor_sets)},
          {"recordings", each(&gpu::DeviceCounters::recordings)},
          {"submits", each(&gpu::DeviceCounters::submits)}};
}

struct Times {
  gpu::DeviceCounters counters;  // before the frames that are timed
  std::vector<double> network;
  std::vector<double> frame;
};

Times measure(Stylizer& stylizer, const BenchOptions& options) {
  Times times;
  const video::FrameFormat format = generated_format(options.width, options.height);
  for (int i = 0; i < options.warm_up + options.frames && !stop_requested(); ++i) {
    const video::Frame frame = generate_frame(format, i);
    if (i == options.warm_up) times.counters = stylizer.stats().counters;
    const Clock::time_point start = Clock::now();
    stylizer.submit(frame, format);
    stylizer.receive();
    const double frame_ms = ms_since(start);
    if (i < options.warm_up) continue;
    times.frame.push_back(frame_ms);
    times.network.push_back(stylizer.network_ms());
  }
  return times;
}

/// Medians by name, of frames of their own: to time passes makes a frame slower.
std::vector<session::PassTime> measure_passes(Stylizer& stylizer, const BenchOptions& options) {
  std::vector<session::PassTime> passes;
  std::vector<std::vector<double>> times;  // [pass][frame]
  const video::FrameFormat format = generated_format(options.width, options.height);
  stylizer.time_passes(true);
  for (int i = 0; i < options.frames && !stop_requested(); ++i) {
    stylizer.submit(generate_frame(format, i), format);
    stylizer.receive();
    passes = session::sum_by_name(stylizer.pass_times());
    times.resize(passes.size());
    for (std::size_t p = 0; p < passes.size(); ++p) times[p].push_back(passes[p].ms);
  }
  for (std::size_t p = 0; p < passes.size(); ++p) passes[p].ms = median(times[p]);
  return passes;
}

ordered_json describe_passes(const std::vector<session::PassTime>& passes) {
  ordered_json list = ordered_json::array();
  for (const session::PassTime& pass : passes) {
    list.push_back({{"name", pass.name},
                    {"kernel", pass.kernel},
                    {"ms", pass.ms},
                    {"gflops_executed", gflops(pass.flops, pass.ms)},
                    {"bytes", pass.bytes}});
  }
  return list;
}

ordered_json describe_tuning(const std::vector<TuningResult>& results) {
  ordered_json list = ordered_json::array();
  for (const TuningResult& result : results) {
    list.push_back({{"convolution", result.shape},
                    {"kernel", result.kernel},
                    {"ms", result.ms},
                    {"ms_before", result.ms_before},
                    {"difference", result.difference},
                    {"chosen", result.chosen}});
  }
  return list;
}

std::string style_of(const net::ModelInfo& model, const Look& look) {
  std::string text;
  for (std::size_t i = 0; i < look.style.size(); ++i) {
    if (look.style[i] == 0.0F) continue;
    text += (text.empty() ? "" : " + ") + model.styles[i].name;
  }
  return text;
}

void print_text(const ordered_json& result) {
  const auto number = [&](const char* key) { return result[key].get<double>(); };
  const auto text = [&](const char* key) { return result[key].get<std::string>(); };
  std::printf("%s (%s)\n%s %s at %dx%d, %s\n", text("device").c_str(), text("driver").c_str(),
              text("model").c_str(), text("style").c_str(), result["width"].get<int>(),
              result["height"].get<int>(), text("precision").c_str());
  std::printf("network %.2f ms (p99 %.2f), frame %.2f ms, %.1f fps, first frame after %.0f ms\n",
              number("ms_median"), number("ms_p99"), number("frame_ms_median"), number("fps"),
              number("first_frame_ms"));
  std::printf("%.2f GMAC, %.1f GFLOP/s nominal, %.1f executed, peak of the device %.1f (%.0f %%)\n",
              number("gmac"), number("gflops"), number("gflops_executed"), number("peak_gflops"),
              100 * number("gflops_executed") / number("peak_gflops"));
  std::printf("arena %.1f MiB, all buffers %.1f MiB\n\n", number("arena_bytes") / (1 << 20),
              number("allocated_bytes") / (1 << 20));
  for (const ordered_json& candidate : result["tuning"]) {
    std::printf("%s with %s: %.3f ms instead of %.3f%s\n",
                candidate["convolution"].get<std::string>().c_str(),
                candidate["kernel"].get<std::string>().c_str(), candidate["ms"].get<double>(),
                candidate["ms_before"].get<double>(),
                candidate["chosen"].get<bool>() ? ", chosen" : "");
  }
  std::printf("%8s %9s %7s %9s  %-28s %s\n", "ms", "GFLOP/s", "peak %", "MB", "kernel", "pass");
  for (const ordered_json& pass : result["passes"]) {
    const double rate = pass["gflops_executed"].get<double>();
    std::printf("%8.3f %9.1f %7.1f %9.2f  %-28s %s\n", pass["ms"].get<double>(), rate,
                100 * rate / number("peak_gflops"), pass["bytes"].get<double>() / 1e6,
                pass["kernel"].get<std::string>().c_str(), pass["name"].get<std::string>().c_str());
  }
}

}  // namespace

void bench(const BenchOptions& options) {
  ChosenLooks looks = choose_looks(options.looks);
  for (const std::string& remark : looks.remarks) log::warning(remark);
  const Look look = looks.track.at(0);
  StylizerOptions stylizer_options = options.stylizer;
  stylizer_options.layer_edits = looks.layer_edits;
  stylizer_options.crew = true;
  Stylizer stylizer(std::move(looks.model), stylizer_options);
  stylizer.set_look(look);
  const video::FrameFormat format = generated_format(options.width, options.height);
  stylizer.prepare(format, format);
  stylizer.submit(generate_frame(format, 0), format);
  stylizer.receive();
  const double first_frame_ms = ms_of_process();

  stylizer.await_crew();
  const Times times = measure(stylizer, options);
  if (stop_requested()) return;
  const StylizerStats stats = stylizer.stats();
  const double ms = median(times.network);
  const double frame_ms = median(times.frame);
  double flops = 0;
  const graph::RenderGraph& graph = stylizer.graph();
  for (std::size_t i = graph.first_network; i < graph.last_network; ++i) {
    flops += graph.passes[i].flops;
  }
  const ordered_json result = {
      {"device", stats.device},
      {"driver", stats.driver},
      {"model", stylizer.model().name},
      {"style", style_of(stylizer.model(), look)},
      {"width", options.width},
      {"height", options.height},
      {"precision", stats.fp16 ? "fp16" : "fp32"},
      {"frames", options.frames},
      {"devices_at_work", stats.devices_at_work},
      {"ms_median", ms},
      {"ms_p99", percentile(times.network, 0.99)},
      {"frame_ms_median", frame_ms},
      {"fps", 1000 / frame_ms},
      {"gmac", stats.macs / 1e9},
      {"gflops", gflops(2 * stats.macs, ms)},
      {"gflops_executed", gflops(flops, ms)},
      {"peak_gflops", stylizer.measure_peak_gflops()},
      {"arena_bytes", stats.arena_bytes},
      {"live_bytes", stats.live_bytes},
      {"allocated_bytes", stats.allocated_bytes},
      {"first_frame_ms", first_frame_ms},
      {"per_frame", describe_counters(times.counters, stats.counters, options.frames)},
      {"tuning", describe_tuning(stylizer.tuning_results())},
      {"passes", describe_passes(measure_passes(stylizer, options))}};
  if (stop_requested()) return;
  if (options.as_json) {
    std::puts(result.dump(2).c_str());
  } else {
    print_text(result);
  }
}

}  // namespace impasto::app
