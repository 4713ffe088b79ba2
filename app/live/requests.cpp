#include "app/live/requests.h"

#include "app/live/first_source.h"

namespace impasto::live {

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
  if (requests.toggle_virtual_camera) {
    state.report.virtual_camera ? pipeline.stop_virtual_camera() : pipeline.start_virtual_camera();
  }
  if (requests.toggle_full_screen) window.set_full_screen(!window.full_screen());
}

}  // namespace impasto::live
