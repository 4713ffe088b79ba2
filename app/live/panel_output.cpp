#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "app/live/controls.h"
#include "app/live/panel.h"
#include "app/live/theme.h"

namespace impasto::live {
namespace {

constexpr int heights[] = {180, 270, 360, 480, 540, 720, 1080, 0};

std::string mode_text(const video::CameraMode& mode) {
  char text[96];
  std::snprintf(text, sizeof text, "%dx%d  %.3g fps  %s", mode.width, mode.height,
                mode.rate.value(), mode.format.c_str());
  return text;
}

struct CameraList {
  std::vector<std::string> names;
  std::vector<std::string> inputs;
  std::string current;  ///< empty: none of them plays
};

/// Each camera in each of its modes.
CameraList list_choices(const State& state) {
  CameraList list;
  const auto add = [&](const std::string& name, const std::string& input) {
    list.names.push_back(name);
    list.inputs.push_back(input);
    if (input == state.report.input) list.current = name;
  };
  for (const video::VideoDevice& camera : state.cameras) {
    const bool own = camera.path == state.report.source.camera;
    std::string name = camera.name.empty() ? camera.path : camera.name;
    if (own && list.current.empty()) list.current = name;  // it may play in a mode of its own
    if (camera.problem == video::LiveProblem::busy) name += " (in use elsewhere)";
    if (camera.modes.empty()) {
      const bool unknown = !camera.message.empty() && camera.problem != video::LiveProblem::busy;
      add(name + (unknown ? "  (" + camera.message + ")" : ""),
          video::camera_input(camera.path, std::nullopt));
    }
    for (const video::CameraMode& mode : camera.modes) {
      add(name + "  " + mode_text(mode), video::camera_input(camera.path, mode));
    }
  }
  return list;
}

void draw_cameras(State& state) {
  const CameraList list = list_choices(state);
  label(state, "Camera");
  const std::string shown = !list.current.empty() ? list.current
                            : list.names.empty()  ? "none found"
                                                  : "choose";
  if (const auto chosen = choice(state, "camera", shown, list.names,
                                 "Cameras with their sizes and frame rates; plugging one in adds "
                                 "it here.")) {
    state.requests.source = list.inputs[*chosen];
  }
}

void draw_source(State& state) {
  heading("Source");
  draw_cameras(state);
  label(state, "File, URL");
  if (text_field(state, "source", "path, lavfi:\u2026, x11grab::0", state.source_text,
                 "A video, an image, lavfi:GRAPH, x11grab:DISPLAY; or drop a file on the window.",
                 -FLT_MIN) &&
      !state.source_text.empty()) {
    state.requests.source = state.source_text;
  }
  const video::LiveStatus& source = state.report.source;
  const bool paused = source.state == video::LiveState::paused;
  if (button(state, "pause", paused ? "Play" : "Pause", "Stops the picture, and goes on (Space).",
             share_of_line(4))) {
    state.requests.pause = !paused;
  }
  ImGui::SameLine();
  if (button(state, "step back", "Back", "One frame back, and pause (,).", share_of_line(3))) {
    state.requests.step_back = true;
  }
  ImGui::SameLine();
  if (button(state, "step", "Step", "One frame on, and pause (.).", share_of_line(2))) {
    state.requests.step = true;
  }
  ImGui::SameLine();
  bool loop = state.settings.loop;
  if (checkbox(state, "loop", "Loop", loop, "Begins again at the end of a file.")) {
    state.settings.loop = loop;
    state.requests.loop = loop;
  }
  if (source.seekable && source.duration > 0) {
    auto position = static_cast<float>(source.position);
    if (slider(state, "position", "Position", position, 0, static_cast<float>(source.duration),
               "%.1f s", "Where in the file the picture is.")) {
      state.requests.seek = position;
    }
  }
  if (source.sound != video::SoundState::none) {
    if (slider(state, "volume", "Volume", state.settings.volume, 0, 1, "%.2f",
               "Of the sound that is played; recordings have all of it.")) {
      state.requests.volume = state.settings.volume;
    }
  }
}

void draw_network(State& state) {
  heading("Network");
  std::vector<std::string> names;
  std::string shown = "choose";
  const app::ModelChoice current =
      state.report.model ? state.report.model->choice : app::ModelChoice{};
  const std::string current_pack = current.pack.empty() ? app::default_pack : current.pack;
  for (const app::Pack& pack : state.packs) {
    names.push_back(pack.name);
    if (current.model.empty() && pack.name == current_pack) shown = pack.name;
  }
  if (!current.model.empty()) shown = std::filesystem::path(current.model).filename();
  label(state, "Pack");
  if (const auto chosen = choice(state, "pack", shown, names, "A pack of styles.")) {
    state.requests.model = app::ModelChoice{.pack = names[*chosen]};
  }
  label(state, "Model");
  if (text_field(state, "model", "path of an ONNX file", state.model_text,
                 "A network of your own; or drop an ONNX file on the window.", -FLT_MIN) &&
      !state.model_text.empty()) {
    state.requests.model = app::ModelChoice{.model = state.model_text};
  }
  std::vector<std::string> lines;
  std::string height = std::to_string(state.settings.network_height) + " lines";
  if (state.settings.network_height == 0) height = "as the source";
  for (int each : heights) {
    lines.push_back(each == 0 ? "as the source" : std::to_string(each) + " lines");
  }
  label(state, "Height");
  if (const auto chosen =
          choice(state, "height", height, lines,
                 "Lines that the network works at: fewer are faster and coarser.")) {
    state.requests.network_height = heights[*chosen];
  }
}

/// Of several, which one others shall see.
void draw_virtual_cameras(State& state) {
  std::vector<std::string> names;
  std::string shown;
  for (const video::VideoDevice& device : state.virtual_cameras) {
    names.push_back(device.name.empty() ? device.path : device.name + "  " + device.path);
    if (shown.empty() || device.path == state.settings.virtual_camera) shown = names.back();
  }
  label(state, "Sent to");
  if (const auto chosen = choice(state, "virtual cameras", shown, names,
                                 "The device that other programs see the picture on.")) {
    state.settings.virtual_camera = state.virtual_cameras[*chosen].path;
    state.requests.move_virtual_camera = true;
  }
}

void draw_recording(State& state) {
  heading("Output");
  const bool recording = state.report.recording.has_value();
  if (button(state, "record", recording ? "Stop" : "Record",
             "Records the painted picture with the source's sound (R).", share_of_line(3))) {
    state.requests.toggle_recording = true;
  }
  ImGui::SameLine();
  if (button(state, "screenshot", "Picture", "Saves the painted picture as PNG (S).",
             share_of_line(2))) {
    state.requests.screenshot = true;
  }
  ImGui::SameLine();
  const bool camera = state.report.virtual_camera.has_value();
  if (button(state, "virtual camera", camera ? "Stop cam" : "Camera",
             "Gives the painted picture to other programs as a camera (v4l2loopback).",
             share_of_line(1))) {
    state.requests.toggle_virtual_camera = true;
  }
  if (state.virtual_cameras.size() > 1) draw_virtual_cameras(state);
  if (recording) {
    const video::RecorderStatus& status = *state.report.recording;
    ImGui::TextColored(ImGui::ColorConvertU32ToFloat4(theme::accent), "%.1f s, %llu frames",
                       status.seconds, static_cast<unsigned long long>(status.frames));
  }
  label(state, "Folder");
  text_field(state, "folder", default_folder().c_str(), state.settings.folder,
             "Where recordings and pictures go.", -FLT_MIN);
}

void draw_presets(State& state, Clock::time_point now) {
  heading("Presets");
  const float width = ImGui::GetContentRegionAvail().x * 0.7F;
  const bool entered = text_field(state, "preset name", "name", state.preset_name,
                                  "The name to save this look under.", width);
  ImGui::SameLine();
  const bool saved =
      button(state, "save preset", "Save", "Saves the look as a preset (P).", share_of_line(1));
  if (entered || saved) {
    if (state.preset_name.empty()) {
      save_new_preset(state, now);
    } else {
      save_named_preset(state, state.preset_name, now);
    }
  }
  label(state, "Load");
  if (const auto chosen = choice(state, "load preset", "choose", state.presets,
                                 "A look that was saved; apply --preset knows it too.")) {
    state.preset_name = state.presets[*chosen];
    load_named_preset(state, state.preset_name, now);
  }
}

void draw_numbers(const State& state) {
  heading("Numbers");
  const Report& report = state.report;
  const auto line = [&](const char* name, const std::string& value) {
    label(state, name);
    ImGui::TextUnformatted(shortened(value, ImGui::GetContentRegionAvail().x).c_str());
  };
  char text[128];
  std::snprintf(text, sizeof text, "%.0f of %.0f per second", report.fps, report.source.fps);
  line("Frames", text);
  std::snprintf(text, sizeof text, "%.0f ms, capture to screen", state.latency_ms);
  line("Latency", text);
  std::snprintf(text, sizeof text, "%.1f ms, %llu frames dropped", report.frame_ms,
                static_cast<unsigned long long>(report.source.dropped));
  line("Each takes", text);
  std::snprintf(text, sizeof text, "%.0f MB",
                static_cast<double>(report.stats.allocated_bytes) / 1e6);
  line("Memory", text);
  line("Runs on", report.stats.device);
  std::snprintf(text, sizeof text, "%.0f per second", state.redraws);
  line("Redraws", text);
}

}  // namespace

void draw_output_tab(State& state, Clock::time_point now) {
  draw_source(state);
  draw_network(state);
  draw_recording(state);
  draw_presets(state, now);
  draw_numbers(state);
}

}  // namespace impasto::live
