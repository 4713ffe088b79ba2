#include "app/cli/inspect.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <nlohmann/json.hpp>

#include "app/cli/generated_frame.h"
#include "engine/base/log.h"

namespace impasto::app {
namespace {

using nlohmann::ordered_json;

ordered_json range(const net::ValueRange& range) {
  return ordered_json::array({range.low, range.high});
}

double count_parameters(const net::Net& net) {
  double count = 0;
  for (const net::Node& node : net.nodes) {
    std::visit(
        [&](const auto& op) {
          if constexpr (requires { op.weights; }) {
            count += static_cast<double>(op.weights->size());
          }
        },
        node.op);
  }
  for (const net::Parameter& parameter : net.parameters) {
    count += static_cast<double>(parameter.value.size());
  }
  return count;
}

ordered_json extent(const std::vector<float>& values) {
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return ordered_json::array({*least, *most});
}

/// The norm layers, by the names that presets use, with the extent of their gamma and beta.
ordered_json describe_layers(const net::Net& net, const Look& look) {
  const std::vector<net::NormLayer> layers = net::norm_layers(net);
  const auto values = net::evaluate_parameters(net, layers, look);
  ordered_json result = ordered_json::array();
  for (const net::NormLayer& layer : layers) {
    result.push_back({{"name", layer.name},
                      {"kind", net::norm_kind_name(layer.kind)},
                      {"channels", layer.channels},
                      {"gamma", extent(values[static_cast<std::size_t>(layer.gamma)])},
                      {"beta", extent(values[static_cast<std::size_t>(layer.beta)])}});
  }
  return result;
}

ordered_json describe(const net::ModelInfo& info, const CompiledModel& compiled, const Look& look) {
  const net::Net& net = compiled.net;
  const net::Value& in = net.value(net.input);
  const net::Value& out = net.value(net.output);
  const auto shape = [](const net::Value& value) {
    return ordered_json::array({1, value.channels, value.height, value.width});
  };
  ordered_json inputs = ordered_json::array(
      {{{"name", in.name}, {"shape", shape(in)}, {"range", range(info.input_range)}}});
  if (!info.styles.empty()) {
    inputs.push_back({{"name", "style"}, {"shape", ordered_json::array({1, info.styles.size()})}});
  }
  ordered_json styles = ordered_json::array();
  for (const net::StyleInfo& style : info.styles) styles.push_back(style.name);
  std::map<std::string, int> ops;
  for (const net::Node& node : net.nodes) ++ops[net::op_name(node.op)];
  ordered_json passes = ordered_json::array();
  for (const graph::Pass& pass : compiled.graph.passes) {
    passes.push_back({{"name", pass.name},
                      {"kernel", pass.kernel},
                      {"groups", pass.groups},
                      {"workgroup", pass.workgroup()},
                      {"shared_bytes", pass.shared_bytes},
                      {"flops", pass.flops},
                      {"bytes", pass.bytes}});
  }
  return {
      {"file", info.file},
      {"inputs", inputs},
      {"output", {{"name", out.name}, {"shape", shape(out)}, {"range", range(info.output_range)}}},
      {"styles", styles},
      {"identity_style", info.identity_style},
      {"fixed_size", info.fixed_height > 0},
      {"parameters", count_parameters(net)},
      {"mac_per_pixel", net::count_macs(net) / in.height / in.width},
      {"ops", ops},
      {"norm_layers", describe_layers(net, look)},
      {"passes", passes},
      {"arena_bytes", compiled.graph.arena_bytes()}};
}

void print_text(const ordered_json& model) {
  for (const ordered_json& input : model["inputs"]) {
    std::printf("input %s %s\n", input["name"].get<std::string>().c_str(),
                input["shape"].dump().c_str());
  }
  std::printf("output %s %s\n", model["output"]["name"].get<std::string>().c_str(),
              model["output"]["shape"].dump().c_str());
  std::printf("values %s in, %s out\n", model["inputs"][0]["range"].dump().c_str(),
              model["output"]["range"].dump().c_str());
  if (!model["styles"].empty()) {
    std::printf("%zu styles:", model["styles"].size());
    for (const ordered_json& style : model["styles"]) {
      std::printf(" %s", style.get<std::string>().c_str());
    }
    std::puts("");
  }
  std::printf("%.0f parameters, %.0f MAC per pixel\nops:", model["parameters"].get<double>(),
              model["mac_per_pixel"].get<double>());
  for (const auto& [op, count] : model["ops"].items()) {
    std::printf(" %s %d", op.c_str(), count.get<int>());
  }
  std::puts("\nnorm layers:");
  for (const ordered_json& layer : model["norm_layers"]) {
    std::printf("  %-24s %-12s %4d channels, gamma %.3g..%.3g, beta %.3g..%.3g\n",
                layer["name"].get<std::string>().c_str(), layer["kind"].get<std::string>().c_str(),
                layer["channels"].get<int>(), layer["gamma"][0].get<double>(),
                layer["gamma"][1].get<double>(), layer["beta"][0].get<double>(),
                layer["beta"][1].get<double>());
  }
  std::printf("%zu passes, arena %.1f MiB\n", model["passes"].size(),
              model["arena_bytes"].get<double>() / (1 << 20));
}

}  // namespace

void inspect(const InspectOptions& options) {
  const ChosenLooks looks = choose_looks(options.looks);
  for (const std::string& remark : looks.remarks) log::warning(remark);
  StylizerOptions stylizer = options.stylizer;
  stylizer.layer_edits = looks.layer_edits;
  const video::FrameFormat format = generated_format(options.width, options.height);
  const CompiledModel compiled = compile_model(looks.model, format, stylizer);
  const ordered_json description = describe(looks.model.info(), compiled, looks.track.at(0));
  if (options.as_dot) {
    std::fputs(graph::to_dot(compiled.graph).c_str(), stdout);
    return;
  }
  if (options.as_json) {
    std::puts(description.dump(2).c_str());
    return;
  }
  print_text(description);
  if (!options.with_graph) return;
  std::printf("\n%s\n%s", graph::to_text(compiled.graph).c_str(),
              graph::to_demands(compiled.graph).c_str());
}

}  // namespace impasto::app
