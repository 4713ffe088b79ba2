// Owns: all that the window shows and all that its controls change, in one plain struct. Depends
// on: settings, history, pipeline's report. Drawing functions (panel.h) read it and call actions.h;
// what concerns others they leave in `requests`, which the program takes after each redraw.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "app/live/bitmap.h"
#include "app/live/fade.h"
#include "app/live/picture_view.h"
#include "app/live/pipeline.h"
#include "app/live/settings.h"
#include "app/looks/history.h"
#include "engine/video/cameras.h"

namespace impasto::live {

/// What was asked for since the last redraw.
struct Requests {
  std::optional<std::string> source;
  std::optional<app::ModelChoice> model;
  std::optional<int> network_height;
  std::optional<std::optional<std::size_t>> watch;  ///< a layer, or none
  std::optional<bool> pause;
  std::optional<double> seek;  ///< seconds
  bool step = false;
  bool step_back = false;
  std::optional<bool> loop;
  std::optional<float> volume;
  bool toggle_recording = false;
  bool screenshot = false;
  bool toggle_virtual_camera = false;
  bool move_virtual_camera = false;  ///< to the device that the settings name, where it runs
  bool toggle_full_screen = false;
  bool refresh_lists = false;  ///< cameras, both kinds, packs, presets
};

/// One line that goes by itself.
struct Message {
  std::string text;
  bool is_warning = false;
  std::chrono::steady_clock::time_point until{};
};

/// A way between two looks, by hand.
struct Morph {
  Look from;
  Look to;
  float share = 0;
};

struct State {
  Settings settings;
  Report report;
  std::uint64_t model_number = 0;  ///< that the looks below belong to
  app::LookHistory history{Look{}};
  Fade fade;
  std::optional<app::Preset> restore;  ///< to bind to the next model
  std::optional<Look> first_look;      ///< of the next model, where restore says nothing

  PictureShape shape;
  bool has_picture = false;
  PictureView view;
  bool hold_source = false;  ///< while B is down
  bool dragging_divider = false;
  bool full_screen = false;
  bool help = false;

  std::size_t layer = 0;       ///< whose channels are shown
  std::vector<bool> selected;  ///< layers that gain and offset act on
  bool channels_are_beta = false;
  std::string morph_from;  ///< names of presets; empty: the look as it was
  std::string morph_to;
  std::optional<Morph> morph;
  bool features_after = true;
  std::optional<std::size_t> watched;

  std::vector<app::Pack> packs;
  std::vector<std::string> presets;
  std::vector<video::VideoDevice> cameras;
  std::vector<video::VideoDevice> virtual_cameras;
  std::vector<SharedBitmap> thumbnails;  ///< by style; null: not there yet
  SharedBitmap features;                 ///< the grid of report.features
  std::string preset_name;
  std::string source_text;
  std::string model_text;

  double latency_ms = 0;  ///< from capture to the present call, smoothed
  double redraws = 0;     ///< per second
  bool software_device = false;
  Message message;
  std::string hint;  ///< stays until another source is chosen: how to choose one
  Requests requests;
  std::mt19937 random{std::random_device{}()};
  float scale = 1;                          ///< of the display
  std::map<std::string, Box> controls;      ///< where each was drawn last
  std::vector<SharedBitmap> drawn_bitmaps;  ///< in this redraw
};

}  // namespace impasto::live
