#include "app/live/status.h"

#include <cstdio>

namespace impasto::live {
namespace {

constexpr const char* separator = "   \u00b7   ";

std::string what_runs(const State& state) {
  const Report& report = state.report;
  std::string text = report.source.description;
  if (report.model) {
    const graph::FrameGeometry& geometry = report.stats.geometry;
    text += (text.empty() ? "" : separator) + report.model->model.info().name;
    if (geometry.content_width > 0) {
      text += " " + std::to_string(geometry.content_width) + "x" +
              std::to_string(geometry.content_height);
    }
  }
  if (report.source.state == video::LiveState::paused) text += std::string(separator) + "paused";
  if (!report.stats.device.empty()) {
    text += separator + report.stats.device;
    if (state.software_device) text += " (a CPU driver: slow)";
  }
  return text;
}

std::string numbers(const State& state) {
  const Report& report = state.report;
  char text[96];
  std::snprintf(text, sizeof text, "%.0f fps   %.0f ms   %llu dropped", report.fps,
                state.latency_ms, static_cast<unsigned long long>(report.source.dropped));
  return text;
}

}  // namespace

StatusText status_text(const State& state, Clock::time_point now) {
  const Report& report = state.report;
  if (!state.message.text.empty() && now < state.message.until) {
    return {state.message.text, state.message.is_warning, numbers(state)};
  }
  if (!report.problem.empty()) return {report.problem, true, {}};
  if (!report.source.message.empty()) return {report.source.message, true, numbers(state)};
  if (report.virtual_camera && !report.virtual_camera->message.empty()) {
    return {report.virtual_camera->message, true, numbers(state)};
  }
  if (report.compiling) return {"preparing the network\u2026", false, {}};
  if (!state.hint.empty()) return {state.hint, true, numbers(state)};
  return {what_runs(state), false, numbers(state)};
}

}  // namespace impasto::live
