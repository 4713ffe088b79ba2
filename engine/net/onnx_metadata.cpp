// read_metadata: metadata_props of a model, all optional: styles, identity_style, size_multiple,
// input_range, output_range.
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "engine/net/onnx_file.h"

namespace impasto::net {
namespace {

using nlohmann::json;

constexpr std::size_t longest_list = 1 << 20;
constexpr std::size_t most_styles = 4096;

std::string field(const json& style, const char* key) {
  const auto found = style.find(key);
  if (found == style.end()) return {};
  if (found->is_number_integer()) return std::to_string(found->get<std::int64_t>());
  if (!found->is_string()) refuse(std::string("metadata_props 'styles': ") + key + " is no text");
  return printable(found->get<std::string>());
}

/// A list of names, or of objects with name, painter, title, year.
std::vector<StyleInfo> parse_styles(const std::string& text) {
  if (text.size() > longest_list) refuse("metadata_props 'styles' is too long");
  const auto shallow = [](int depth, json::parse_event_t, json&) {
    if (depth > 8) refuse("metadata_props 'styles' is nested too deeply");
    return true;
  };
  const json list = json::parse(text, shallow, false);
  if (!list.is_array() || list.size() > most_styles) {
    refuse("metadata_props 'styles' is no JSON list of styles");
  }
  std::vector<StyleInfo> styles;
  for (const json& entry : list) {
    StyleInfo style;
    if (entry.is_string()) {
      style.name = printable(entry.get<std::string>());
    } else if (entry.is_object()) {
      style = {field(entry, "name"), field(entry, "painter"), field(entry, "title"),
               field(entry, "year")};
    }
    if (style.name.empty()) refuse("metadata_props 'styles' has an entry without a name");
    for (const StyleInfo& other : styles) {
      if (other.name == style.name) {
        refuse("metadata_props 'styles' lists '" + style.name + "' twice");
      }
    }
    styles.push_back(std::move(style));
  }
  return styles;
}

template <typename Number>
bool parse_number(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// "0..1", "0..255", "-1..1".
ValueRange parse_range(const std::string& key, std::string_view text) {
  const std::size_t dots = text.find("..");
  ValueRange range;
  if (dots == std::string_view::npos || !parse_number(text.substr(0, dots), range.low) ||
      !parse_number(text.substr(dots + 2), range.high) || !std::isfinite(range.low) ||
      !std::isfinite(range.high) || !(range.low < range.high)) {
    refuse("metadata_props '" + key + "' is '" + printable(text) +
           "', it must be a range like 0..255");
  }
  return range;
}

int parse_identity(const std::string& text, const std::vector<StyleInfo>& styles) {
  int index = -1;
  if (parse_number(text, index) && index >= 0 && index < static_cast<int>(styles.size())) {
    return index;
  }
  for (std::size_t i = 0; i < styles.size(); ++i) {
    if (styles[i].name == text) return static_cast<int>(i);
  }
  refuse("metadata_props 'identity_style' is '" + printable(text) + "', which is no style");
}

}  // namespace

void read_metadata(OnnxFile& file) {
  std::string identity;
  for (const auto& entry : file.proto.metadata_props()) {
    const std::string& key = entry.key();
    const std::string& value = entry.value();
    if (key == "styles") {
      file.info.styles = parse_styles(value);
    } else if (key == "identity_style") {
      identity = value;
    } else if (key == "size_multiple") {
      if (!parse_number(value, file.info.size_multiple) || file.info.size_multiple < 1 ||
          file.info.size_multiple > 1024) {
        refuse("metadata_props 'size_multiple' is '" + printable(value) +
               "', it must be 1 to 1024");
      }
    } else if (key == "input_range") {
      file.info.input_range = parse_range(key, value);
    } else if (key == "output_range") {
      file.info.output_range = parse_range(key, value);
    }
  }
  if (!identity.empty()) {
    file.info.identity_style = parse_identity(identity, file.info.styles);
  }
}

}  // namespace impasto::net
