#include "app/live/requests.h"

#include <algorithm>

#include "app/live/first_source.h"

namespace impasto::live {

namespace {

/// Empty, which is the first, where the one of the settings has gone.
std::string chosen_virtual_camera(const State& state) {
  const bool there = std::ranges::any_of(state.virtual_cameras, [&](const auto& device) {
    return device.path == state.settings.virtual_camera;
  });
  return there ? state.settings.virtual_camera : "";
}

}  // namespace

void serve_requests(State& state, Pipeline& pipeline, Window& window, Clock::time_point) {
  const Requests requests = std::exchange(state.requests, {});
  state.requests.refresh_lists = requests.refresh_lists;
  if (requests.source) {
    state.settings.source = *requests.source;
    state.hint.clear();
    state.view.reset();
    pipeline.open_source(source_options(state.settings, *requests.source, {}, true));
    pipeline.control_source(
        [volume = state.settings.volume](video::LiveSource& source) { source.set_volume(volume); });
  }
  if (requests.model) pipeline.open_model(*requests.model);
  if (requests.network_height) {
    state.settings.network_height = *requests.network_height;
    pipeline.set_network_height(*requests.network_height);
  }
  if (requests.watch) pipeline.watch_layer(*requests.watch);
  pipeline.time_passes(state.settings.tab == Tab::lab);
  pipeline.control_source([requests](video::LiveSource& source) {
    if (requests.pause) *requests.pause ? source.pause() : source.resume();
    if (requests.step) source.step();
    if (requests.step_back) source.step_back();
    if (requests.seek) source.seek(*requests.seek);
    if (requests.loop) source.set_loop(*requests.loop);
    if (requests.volume) source.set_volume(*requests.volume);
  });
  if (requests.toggle_recording) {
    if (state.report.recording) {
      pipeline.stop_recording();
    } else {
      pipeline.start_recording(new_file_name(state.settings, ".mp4"));
    }
  }
  if (requests.screenshot) pipeline.save_screenshot(new_file_name(state.settings, ".png"));
  const bool sends = state.report.virtual_camera.has_value();
  if (requests.toggle_virtual_camera && sends) {
    pipeline.stop_virtual_camera();
  } else if (requests.toggle_virtual_camera || (requests.move_virtual_camera && sends)) {
    pipeline.start_virtual_camera(chosen_virtual_camera(state));
  }
  if (requests.toggle_full_screen) window.set_full_screen(!window.full_screen());
}

}  // namespace impasto::live
