#include "app/live/settings.h"

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/base/files.h"
#include "engine/base/log.h"

namespace impasto::live {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* tab_names[tab_count] = {"styles", "tune", "lab", "output"};

template <class T>
void read(const ordered_json& json, const char* key, T& value) {
  if (json.contains(key)) value = json.at(key).get<T>();
}

template <class T>
void read(const ordered_json& json, const char* key, T& value, T least, T most) {
  read(json, key, value);
  value = std::clamp(value, least, most);
}

Settings parse(const std::string& text) {
  const ordered_json json = ordered_json::parse(text);
  Settings settings;
  read(json, "source", settings.source);
  read(json, "pack", settings.model.pack);
  read(json, "model", settings.model.model);
  read(json, "height", settings.network_height, 0, 4320);
  if (json.contains("look")) {
    settings.look = app::parse_preset(json.at("look").dump(), settings_file().string());
  }
  read(json, "fade_seconds", settings.fade_seconds, 0.0F, 10.0F);
  read(json, "normalised_mixer", settings.normalised_mixer);
  read(json, "mixer_open", settings.mixer_open);
  read(json, "panel_open", settings.panel_open);
  const std::string tab = json.value("tab", "");
  const auto found = std::find(std::begin(tab_names), std::end(tab_names), tab);
  if (found != std::end(tab_names)) settings.tab = static_cast<Tab>(found - tab_names);
  read(json, "divider", settings.divider);
  read(json, "divider_position", settings.divider_position, 0.0F, 1.0F);
  read(json, "loop", settings.loop);
  read(json, "volume", settings.volume, 0.0F, 1.0F);
  read(json, "folder", settings.folder);
  read(json, "virtual_camera", settings.virtual_camera);
  read(json, "window_width", settings.window_width, 320, 16384);
  read(json, "window_height", settings.window_height, 240, 16384);
  return settings;
}

}  // namespace

fs::path settings_file() {
  return files::config_folder() / "live.json";
}

Settings load_settings() {
  const fs::path file = settings_file();
  if (!files::file_exists(file)) return {};
  try {
    return parse(files::read_file(file, ExitCode::usage));
  } catch (const std::exception& error) {
    log::warning(file.string() + " is damaged and replaced by the defaults: " + error.what());
    return {};
  }
}

void save_settings(const Settings& settings) {
  ordered_json json = {{"source", settings.source},
                       {"pack", settings.model.pack},
                       {"model", settings.model.model},
                       {"height", settings.network_height}};
  if (settings.look) json["look"] = ordered_json::parse(app::preset_text(*settings.look));
  json["fade_seconds"] = settings.fade_seconds;
  json["normalised_mixer"] = settings.normalised_mixer;
  json["mixer_open"] = settings.mixer_open;
  json["panel_open"] = settings.panel_open;
  json["tab"] = tab_names[static_cast<int>(settings.tab)];
  json["divider"] = settings.divider;
  json["divider_position"] = settings.divider_position;
  json["loop"] = settings.loop;
  json["volume"] = settings.volume;
  json["folder"] = settings.folder;
  json["virtual_camera"] = settings.virtual_camera;
  json["window_width"] = settings.window_width;
  json["window_height"] = settings.window_height;
  files::write_file(settings_file(), json.dump(2) + "\n", ExitCode::output);
}

fs::path default_folder() {
  const char* videos = std::getenv("XDG_VIDEOS_DIR");
  const char* home = std::getenv("HOME");
  std::error_code ignored;
  if (videos && fs::is_directory(videos, ignored)) return videos;
  if (!home) return ".";
  const fs::path usual = fs::path(home) / "Videos";
  return fs::is_directory(usual, ignored) ? usual : fs::path(home);
}

}  // namespace impasto::live
