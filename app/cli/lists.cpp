#include "app/cli/lists.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/looks/thumbnails.h"
#include "app/packs.h"
#include "engine/base/error.h"
#include "engine/base/files.h"
#include "engine/base/log.h"
#include "engine/graph/conv_families.h"
#include "engine/stylizer.h"
#include "engine/video/cameras.h"

namespace impasto::app {
namespace {

using nlohmann::ordered_json;

// At which size the cost per pixel is counted.
constexpr int sample_height = 360;
constexpr int sample_width = 640;

void print(const ordered_json& object) {
  std::puts(object.dump(2).c_str());
}

/// Renders what is missing; without a device there are no pictures, and the list goes on.
void complete_thumbnails(net::Model model) {
  if (thumbnails_complete(model)) return;
  const std::string name = model.info().name;
  try {
    render_thumbnails(std::move(model), {});
  } catch (const Error& error) {
    log::warning("no thumbnails of " + name + ": " + error.what());
  }
}

ordered_json describe(const Pack& pack, bool with_thumbnails) {
  net::Model model = net::Model::load(pack.file);
  const net::ModelInfo& info = model.info();
  const int height = info.fixed_height > 0 ? info.fixed_height : sample_height;
  const int width = info.fixed_width > 0 ? info.fixed_width : sample_width;
  const double macs = net::count_macs(model.build(height, width)) / height / width;
  ordered_json styles = ordered_json::array();
  std::vector<std::filesystem::path> thumbnails;
  for (const net::StyleInfo& style : info.styles) {
    thumbnails.push_back(thumbnail_path(model, styles.size()));
    styles.push_back({{"name", style.name},
                      {"painter", style.painter},
                      {"title", style.title},
                      {"year", style.year}});
  }
  if (with_thumbnails) complete_thumbnails(std::move(model));
  for (std::size_t i = 0; with_thumbnails && i < styles.size(); ++i) {
    styles[i]["thumbnail"] = files::file_exists(thumbnails[i])
                                 ? ordered_json(thumbnails[i].string())
                                 : ordered_json(nullptr);
  }
  return {{"name", pack.name},
          {"file", pack.file.string()},
          {"mac_per_pixel", macs},
          {"styles", styles}};
}

std::string kernel_path(const gpu::DeviceInfo& device) {
  if (!device.problem.empty()) return "cannot be used: " + device.problem;
  const graph::CompileOptions options = session::compile_options(device, graph::Precision::fp32);
  std::string path = graph::wide_layer_family(options) + " kernels through " +
                     (options.texel_reads ? "texel" : "storage") + " buffers, fp32 storage";
  if (!device.subgroup_arithmetic) path += ", reductions in shared memory";
  return path;
}

ordered_json describe(const std::vector<video::VideoDevice>& devices) {
  ordered_json list = ordered_json::array();
  for (const video::VideoDevice& device : devices) {
    ordered_json modes = ordered_json::array();
    for (const video::CameraMode& mode : device.modes) {
      modes.push_back({{"width", mode.width},
                       {"height", mode.height},
                       {"rate", mode.rate.value()},
                       {"format", mode.format},
                       {"input", video::camera_input(device.path, mode)}});
    }
    list.push_back({{"path", device.path},
                    {"name", device.name},
                    {"usable", device.problem == video::LiveProblem::none},
                    {"problem", device.message},
                    {"modes", modes}});
  }
  return list;
}

void print_cameras(const ordered_json& devices) {
  for (const ordered_json& device : devices) {
    const std::string problem = device["problem"].get<std::string>();
    std::printf("%s: %s%s%s\n", device["path"].get<std::string>().c_str(),
                device["name"].get<std::string>().c_str(), problem.empty() ? "" : "; ",
                problem.c_str());
    std::string size;  // a line per size and format, with its rates
    for (const ordered_json& mode : device["modes"]) {
      const std::string next = std::to_string(mode["width"].get<int>()) + "x" +
                               std::to_string(mode["height"].get<int>()) + " " +
                               mode["format"].get<std::string>() + ":";
      if (next != size) std::printf("%s   %s", size.empty() ? "" : "\n", next.c_str());
      size = next;
      std::printf(" %.4g", mode["rate"].get<double>());
    }
    if (!size.empty()) std::puts("");
  }
}

}  // namespace

void list_styles(bool as_json) {
  ordered_json packs = ordered_json::array();
  for (const Pack& pack : find_packs()) packs.push_back(describe(pack, as_json));
  if (as_json) return print({{"packs", packs}});
  for (const ordered_json& pack : packs) {
    std::printf("%s: %zu styles, %.1f kMAC per pixel, %s\n",
                pack["name"].get<std::string>().c_str(), pack["styles"].size(),
                pack["mac_per_pixel"].get<double>() / 1000,
                pack["file"].get<std::string>().c_str());
    for (const ordered_json& style : pack["styles"]) {
      std::string origin = style["painter"].get<std::string>();
      if (!style["title"].get<std::string>().empty()) {
        origin += (origin.empty() ? "" : ", ") + style["title"].get<std::string>();
      }
      if (!style["year"].get<std::string>().empty()) {
        origin += ", " + style["year"].get<std::string>();
      }
      std::printf("  %-22s %s\n", style["name"].get<std::string>().c_str(), origin.c_str());
    }
  }
}

void list_devices_here(bool as_json) {
  ordered_json devices = ordered_json::array();
  int number = 0;
  for (const gpu::DeviceInfo& device : list_devices()) {
    devices.push_back({{"number", number++},
                       {"name", device.name},
                       {"type", gpu::device_type_name(device.type)},
                       {"driver", device.driver},
                       {"subgroup_size", device.subgroup_size},
                       {"subgroup_shuffle", device.subgroup_shuffle},
                       {"subgroup_arithmetic", device.subgroup_arithmetic},
                       {"fp16_storage", device.fp16_storage},
                       {"fp16_arithmetic", device.shader_float16},
                       {"max_buffer_binding_bytes", device.max_storage_buffer_range},
                       {"max_allocation_bytes", device.max_memory_allocation_size},
                       {"shared_memory_bytes", device.max_shared_memory},
                       {"usable", device.problem.empty()},
                       {"path", kernel_path(device)}});
  }
  const ordered_json cameras = describe(video::list_cameras());
  const ordered_json outputs = describe(video::list_virtual_cameras());
  if (as_json) {
    return print({{"devices", devices}, {"cameras", cameras}, {"virtual_cameras", outputs}});
  }
  for (const ordered_json& device : devices) {
    std::printf(
        "%d: %s (%s, %s)\n   subgroup size %u%s%s%s; %s\n", device["number"].get<int>(),
        device["name"].get<std::string>().c_str(), device["type"].get<std::string>().c_str(),
        device["driver"].get<std::string>().c_str(), device["subgroup_size"].get<unsigned>(),
        device["subgroup_shuffle"].get<bool>() ? ", shuffle" : "",
        device["subgroup_arithmetic"].get<bool>() ? ", arithmetic" : "",
        device["fp16_storage"].get<bool>() ? ", fp16 storage" : "",
        device["path"].get<std::string>().c_str());
  }
  std::puts(cameras.empty() ? "no cameras" : "cameras:");
  print_cameras(cameras);
  if (outputs.empty()) return;
  std::puts("virtual cameras:");
  print_cameras(outputs);
}

}  // namespace impasto::app
