#include "app/packs.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "app/names.h"
#include "engine/base/error.h"
#include "engine/base/files.h"

namespace impasto::app {
namespace {

namespace fs = std::filesystem;

void add_packs(const fs::path& folder, std::vector<Pack>& packs) {
  std::error_code ignored;
  std::vector<Pack> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored)) {
    if (entry.path().extension() == ".onnx") {
      found.push_back({entry.path().stem().string(), entry.path()});
    }
  }
  std::sort(found.begin(), found.end(),
            [](const Pack& a, const Pack& b) { return a.name < b.name; });
  for (Pack& pack : found) {
    std::erase_if(packs, [&](const Pack& other) { return other.name == pack.name; });
    packs.push_back(std::move(pack));
  }
}

double parse_number(const std::string& text, const std::string& what) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) {
    throw Error(ExitCode::usage, what + ": '" + text + "' is no number");
  }
  return number;
}

std::optional<net::ValueRange> parse_range(const std::string& option, const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    throw Error(ExitCode::usage, option + " '" + text + "' is no range such as 0..255");
  }
  const net::ValueRange range{static_cast<float>(parse_number(text.substr(0, dots), option)),
                              static_cast<float>(parse_number(text.substr(dots + 2), option))};
  if (!(range.low < range.high)) {
    throw Error(ExitCode::usage, option + " '" + text + "': the first number must be the smaller");
  }
  return range;
}

std::size_t find_style(const net::ModelInfo& model, const std::string& name) {
  std::vector<std::string> names;
  for (const net::StyleInfo& style : model.styles) names.push_back(style.name);
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  if (names.empty()) {
    throw Error(ExitCode::usage, model.name + " has one look and no style '" + name +
                                     "'; leave --style and --mix out");
  }
  throw Error(ExitCode::usage, model.name + " has no style '" + name + "'; did you mean '" +
                                   nearest(name, names) + "'? (impasto styles lists them)");
}

std::vector<float> parse_mix(const net::ModelInfo& model, const std::string& mix) {
  std::vector<float> weights(model.styles.size(), 0.0F);
  double total = 0;
  for (std::size_t start = 0; start <= mix.size();) {
    const std::size_t end = std::min(mix.find(',', start), mix.size());
    const std::string entry = mix.substr(start, end - start);
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) {
      throw Error(ExitCode::usage, "--mix '" + mix + "': '" + entry + "' is not NAME=WEIGHT");
    }
    const std::size_t style = find_style(model, entry.substr(0, equals));
    const double weight = parse_number(entry.substr(equals + 1), "--mix");
    weights[style] += static_cast<float>(weight);
    total += weight;
    start = end + 1;
  }
  if (std::abs(total) < 1e-6) {
    throw Error(ExitCode::usage, "--mix '" + mix + "': the weights add up to nothing");
  }
  for (float& weight : weights) weight = static_cast<float>(weight / total);
  return weights;
}

}  // namespace

fs::path shipped_folder() {
  const fs::path program = files::executable_folder();
  for (const fs::path& folder : {program / "styles", program / "../share/impasto/styles"}) {
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) return folder.lexically_normal();
  }
  return {};
}

std::vector<Pack> find_packs() {
  std::vector<Pack> packs;
  add_packs(shipped_folder(), packs);
  add_packs(files::data_folder() / "styles", packs);
  std::stable_partition(packs.begin(), packs.end(),
                        [](const Pack& pack) { return pack.name == default_pack; });
  return packs;
}

std::string finer_pack(const ModelChoice& choice, gpu::DeviceType device) {
  const bool fast = device == gpu::DeviceType::discrete;
  const bool chosen = !choice.model.empty() || !choice.pack.empty();
  if (!fast || chosen) return {};
  for (const Pack& pack : find_packs()) {
    if (pack.name == fine_pack) return fine_pack;
  }
  return {};
}

net::Model load_model(const ModelChoice& choice) {
  fs::path file = choice.model;
  if (choice.model.empty()) {
    const std::vector<Pack> packs = find_packs();
    std::vector<std::string> names;
    const std::string wanted = choice.pack.empty() ? default_pack : choice.pack;
    for (const Pack& pack : packs) {
      names.push_back(pack.name);
      if (pack.name == wanted) file = pack.file;
    }
    if (names.empty()) {
      throw Error(ExitCode::usage, "no pack of styles is installed; use --model FILE.onnx");
    }
    if (file.empty()) {
      throw Error(ExitCode::usage, "there is no pack '" + wanted + "'; did you mean '" +
                                       nearest(wanted, names) + "'?");
    }
  }
  const auto input = parse_range("--input-range", choice.input_range);
  const auto output = parse_range("--output-range", choice.output_range);
  net::Model model = net::Model::load(file);
  model.override_ranges(input, output);
  return model;
}

void choose_look(const net::ModelInfo& model, const LookChoice& choice, Look& look) {
  if (!choice.style.empty() && !choice.mix.empty()) {
    throw Error(ExitCode::usage, "--style and --mix exclude each other");
  }
  if (choice.strength) look.strength = static_cast<float>(*choice.strength);
  if (choice.keep_colors) look.keep_colors = 1;
  if (!choice.mix.empty()) {
    look.style = parse_mix(model, choice.mix);
  } else if (!choice.style.empty()) {
    const std::size_t style = find_style(model, choice.style);
    look.style.assign(model.styles.size(), 0.0F);
    look.style[style] = 1;
  }
}

}  // namespace impasto::app
