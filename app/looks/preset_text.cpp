// preset_text and parse_preset: the JSON of presets.h.
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/looks/presets.h"
#include "engine/base/error.h"
#include "engine/net/onnx_refusal.h"

namespace impasto::app {
namespace {

using net::printable;
using nlohmann::json;
using nlohmann::ordered_json;

constexpr int format_version = 1;
constexpr int deepest = 8;
constexpr int most_channels = 1 << 20;

/// The double with the float's shortest decimal digits: 0.3, not 0.30000001192.
double short_number(float value) {
  char digits[32];
  const auto written = std::to_chars(digits, digits + sizeof digits, value);
  double number = 0;
  std::from_chars(digits, written.ptr, number);
  return number;
}

ordered_json object_of(const Preset::Weights& weights) {
  ordered_json result = ordered_json::object();
  for (const auto& [name, weight] : weights) result[name] = short_number(weight);
  return result;
}

ordered_json object_of(const std::map<int, float>& channels) {
  ordered_json result = ordered_json::object();
  for (const auto& [channel, value] : channels) {
    result[std::to_string(channel)] = short_number(value);
  }
  return result;
}

ordered_json object_of(const Preset::Layer& layer) {
  ordered_json result = ordered_json::object();
  if (layer.gain != 1) result["gain"] = short_number(layer.gain);
  if (layer.offset != 0) result["offset"] = short_number(layer.offset);
  if (layer.styles) result["styles"] = object_of(*layer.styles);
  if (layer.channels > 0) result["channels"] = layer.channels;
  if (!layer.gamma.empty()) result["gamma"] = object_of(layer.gamma);
  if (!layer.beta.empty()) result["beta"] = object_of(layer.beta);
  return result;
}

/// Reads members of objects; every complaint names the preset and the place.
class Reader {
 public:
  explicit Reader(std::string name) : name_(std::move(name)) {}

  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(ExitCode::usage, "preset " + printable(name_, 4096) + ": " + what);
  }

  static const json* find(const json& object, const char* key) {
    const auto found = object.find(key);
    return found == object.end() ? nullptr : &*found;
  }

  void check_object(const json& value, const std::string& where) const {
    if (!value.is_object()) refuse(where + " is no JSON object");
  }

  float number(const json& value, const std::string& where, float low, float high) const {
    const double number = value.is_number() ? value.get<double>() : std::nan("");
    if (!(number >= static_cast<double>(low) && number <= static_cast<double>(high))) {
      char range[64];
      std::snprintf(range, sizeof range, "%.0f to %.0f", static_cast<double>(low),
                    static_cast<double>(high));
      refuse(where + " is no number from " + range);
    }
    return static_cast<float>(number);
  }
  float number_at(const json& object, const char* key, const std::string& where, float low,
                  float high, float otherwise) const {
    const json* value = find(object, key);
    return value ? number(*value, where + key, low, high) : otherwise;
  }

  std::string text_at(const json& object, const char* key, const std::string& where) const {
    const json* value = find(object, key);
    if (!value) return {};
    if (!value->is_string()) refuse(where + key + " is no text");
    return value->get<std::string>();
  }

  std::optional<Preset::Weights> weights_at(const json& object, const std::string& where) const {
    const json* value = find(object, "styles");
    if (!value) return std::nullopt;
    check_object(*value, where + "styles");
    Preset::Weights weights;
    for (const auto& [style, weight] : value->items()) {
      weights[style] = number(weight, where + "styles." + printable(style), -largest, largest);
    }
    return weights;
  }

  std::map<int, float> channels_at(const json& object, const char* key, int count,
                                   const std::string& where) const {
    std::map<int, float> channels;
    const json* value = find(object, key);
    if (!value) return channels;
    check_object(*value, where + key);
    for (const auto& [text, entry] : value->items()) {
      int channel = -1;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), channel);
      if (error != std::errc{} || end != text.data() + text.size() || channel < 0 ||
          channel >= count) {
        refuse(where + key + ": '" + printable(text) + "' is no channel below " +
               std::to_string(count) + ", the layer's \"channels\"");
      }
      channels[channel] = number(entry, where + key + "." + text, -largest, largest);
    }
    return channels;
  }

  Preset::Layer layer(const json& value, const std::string& where) const {
    check_object(value, where);
    const std::string inside = where + ".";
    Preset::Layer layer;
    layer.gain = number_at(value, "gain", inside, -largest, largest, 1);
    layer.offset = number_at(value, "offset", inside, -largest, largest, 0);
    layer.styles = weights_at(value, inside);
    layer.channels = static_cast<int>(number_at(value, "channels", inside, 0, most_channels, 0));
    layer.gamma = channels_at(value, "gamma", layer.channels, inside);
    layer.beta = channels_at(value, "beta", layer.channels, inside);
    return layer;
  }

  std::uint64_t digest_at(const json& object) const {
    const std::string text = text_at(object, "digest", "model.");
    std::uint64_t digest = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), digest, 16);
    if (!text.empty() && (error != std::errc{} || end != text.data() + text.size())) {
      refuse("model.digest is no hexadecimal number");
    }
    return digest;
  }

  /// Weights and edits beyond it leave the range of floats somewhere in a network.
  static constexpr float largest = 1e6F;

 private:
  std::string name_;
};

}  // namespace

std::string preset_text(const Preset& preset) {
  char digest[17];
  std::snprintf(digest, sizeof digest, "%016llx", static_cast<unsigned long long>(preset.digest));
  ordered_json result = {
      {"impasto_preset", format_version},
      {"model", {{"name", preset.model}, {"file", preset.model_file}, {"digest", digest}}}};
  if (preset.styles) result["styles"] = object_of(*preset.styles);
  if (preset.strength != 1) result["strength"] = short_number(preset.strength);
  if (preset.keep_colors != 0) result["keep_colors"] = short_number(preset.keep_colors);
  for (const auto& [name, layer] : preset.layers) result["layers"][name] = object_of(layer);
  // Names come from models and need not be UTF-8.
  return result.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Preset parse_preset(std::string_view text, const std::string& name) {
  const Reader reader(name);
  const auto shallow = [&](int depth, json::parse_event_t, json&) {
    if (depth > deepest) reader.refuse("is nested too deeply");
    return true;
  };
  const json file = json::parse(text, shallow, false);
  if (!file.is_object() || !file.contains("impasto_preset")) {
    reader.refuse("is no preset of this program (a JSON object with \"impasto_preset\")");
  }
  const json& version = file["impasto_preset"];
  if (!version.is_number_integer() || version.get<std::int64_t>() != format_version) {
    reader.refuse("is of version " +
                  printable(version.dump(-1, ' ', true, json::error_handler_t::replace)) +
                  ", this program reads version " + std::to_string(format_version));
  }
  Preset preset;
  if (const json* model = Reader::find(file, "model")) {
    reader.check_object(*model, "model");
    preset.model = reader.text_at(*model, "name", "model.");
    preset.model_file = reader.text_at(*model, "file", "model.");
    preset.digest = reader.digest_at(*model);
  }
  preset.styles = reader.weights_at(file, "");
  preset.strength = reader.number_at(file, "strength", "", 0, 1, 1);
  preset.keep_colors = reader.number_at(file, "keep_colors", "", 0, 1, 0);
  if (const json* layers = Reader::find(file, "layers")) {
    reader.check_object(*layers, "layers");
    for (const auto& [layer, value] : layers->items()) {
      preset.layers[layer] = reader.layer(value, "layers." + printable(layer));
    }
  }
  return preset;
}

}  // namespace impasto::app
