// Owns: what the window remembers from one start to the next, as JSON under XDG_CONFIG_HOME.
// Depends on: base, packs.h, looks/presets.h. To add a setting: a member here, a line in each of
// the two functions of settings.cpp.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "app/looks/presets.h"

namespace impasto::live {

enum class Tab { styles, tune, lab, output };
inline constexpr int tab_count = 4;

struct Settings {
  std::string source;  ///< IN; empty: a camera, or else the sample
  app::ModelChoice model;
  int network_height = 360;  ///< lines; 0: the source's
  std::optional<app::Preset> look;
  float fade_seconds = 0.5F;
  bool normalised_mixer = true;
  bool mixer_open = false;  ///< a slider for each style, not only for those in use
  bool panel_open = true;
  Tab tab = Tab::styles;
  bool divider = false;
  float divider_position = 0.5F;  ///< share of the picture's width
  bool loop = true;
  float volume = 1;
  std::string folder;          ///< recordings and screenshots; empty: default_folder()
  std::string virtual_camera;  ///< device that others see as a camera; empty: the first
  int window_width = 1280;
  int window_height = 760;
};

/// XDG_CONFIG_HOME/impasto/live.json.
std::filesystem::path settings_file();
/// What is there; defaults for what is missing or damaged, which is said once in the log.
Settings load_settings();
/// In one step. Throws Error{output}.
void save_settings(const Settings& settings);

/// $XDG_VIDEOS_DIR or ~/Videos where that is a folder, else the home folder.
std::filesystem::path default_folder();

}  // namespace impasto::live
