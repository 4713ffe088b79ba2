#include "tests/session/rig.h"

#include <cstring>
#include <list>
#include <optional>

#include "engine/base/half.h"
#include "engine/session/session.h"
#include "shaders/embedded.h"
#include "tests/support/validation.h"

namespace impasto::test {
namespace {

constexpr float padding_lane = 777;

bool half(const graph::CompileOptions& options) {
  return options.precision == graph::Precision::fp16_everywhere;
}

// Closed before main returns: afterwards the layers' own statics are gone, and one of them spins.
class Driver : public testing::Environment {
 public:
  void TearDown() override {
    helpers.clear();
    kernels.reset();
    device.reset();
  }
  struct Helper {
    gpu::Device device;
    gpu::KernelCache kernels{device, shaders::find_module, ""};
  };
  std::optional<gpu::Device> device;
  std::optional<gpu::KernelCache> kernels;
  std::list<Helper> helpers;
};
auto* const driver =
    static_cast<Driver*>(testing::AddGlobalTestEnvironment(new Driver));  // after the layers' own

std::size_t packed_index(const net::Tensor& tensor, int channel, std::size_t pixel) {
  return (static_cast<std::size_t>(channel / 4) * tensor.plane_size() + pixel) * 4 + channel % 4;
}

void store(std::span<std::byte> bytes, std::size_t index, float value, bool as_half) {
  if (as_half) {
    const std::uint16_t bits = half_from_float(value);
    std::memcpy(bytes.data() + index * 2, &bits, 2);
  } else {
    std::memcpy(bytes.data() + index * 4, &value, 4);
  }
}

float load(std::span<const std::byte> bytes, std::size_t index, bool as_half) {
  if (as_half) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, bytes.data() + index * 2, 2);
    return float_from_half(bits);
  }
  float value = 0;
  std::memcpy(&value, bytes.data() + index * 4, 4);
  return value;
}

}  // namespace

void pack(const net::Tensor& tensor, std::span<std::byte> bytes, bool as_half) {
  for (int c = 0; c < (tensor.channels + 3) / 4 * 4; ++c) {
    for (std::size_t i = 0; i < tensor.plane_size(); ++i) {
      const float value =
          c < tensor.channels ? static_cast<float>(tensor.row(c, 0)[i]) : padding_lane;
      store(bytes, packed_index(tensor, c, i), value, as_half);
    }
  }
}

net::Tensor unpack(const net::Value& value, std::span<const std::byte> bytes, bool as_half) {
  net::Tensor tensor(value.channels, value.height, value.width);
  for (int c = 0; c < tensor.channels; ++c) {
    for (std::size_t i = 0; i < tensor.plane_size(); ++i) {
      tensor.row(c, 0)[i] = static_cast<double>(load(bytes, packed_index(tensor, c, i), as_half));
    }
  }
  return tensor;
}

std::string check_guards(session::Executor& executor) {
  const graph::RenderGraph& graph = executor.graph();
  for (std::uint32_t block = 0; block < graph.arena_blocks.size(); ++block) {
    const std::vector<std::byte> bytes = executor.read_arena(block);
    std::vector<bool> writable(bytes.size() / 4, false);
    for (const graph::Pass& pass : graph.passes) {
      for (const graph::Binding& binding : pass.bindings) {
        const graph::Range& range = binding.range;
        if (binding.access != graph::Access::storage_write ||
            range.region != graph::Region::arena || range.block != block) {
          continue;
        }
        std::fill_n(writable.begin() + static_cast<std::ptrdiff_t>(range.offset / 4),
                    range.size / 4, true);
      }
    }
    for (std::size_t i = 0; i < writable.size(); ++i) {
      std::uint32_t word = 0;
      std::memcpy(&word, bytes.data() + i * 4, 4);
      if (!writable[i] && word != guard_word) {
        return "byte " + std::to_string(i * 4) + " of block " + std::to_string(block) +
               " lies in no tensor and was written\n" + graph::to_text(graph);
      }
    }
  }
  return {};
}

gpu::Device& device() {
  if (!driver->device) driver->device.emplace();
  return *driver->device;
}

gpu::KernelCache& kernels() {
  if (!driver->kernels) driver->kernels.emplace(device(), shaders::find_module, "");
  return *driver->kernels;
}

graph::CompileOptions options_for_tests() {
  graph::CompileOptions options = session::compile_options(device().info(), graph::Precision::fp32);
  options.device.storage_alignment = 1024;
  return options;
}

Outcome run_network(const net::Net& net, const graph::CompileOptions& options,
                    const net::Tensor& input, const std::vector<float>& style,
                    const session::Slices& slices, std::optional<std::size_t> helpers) {
  EXPECT_EQ(net::check(net), "");
  session::Executor executor(device(), kernels(), graph::compile_network(net, options), 1,
                             gpu::MemoryUse::read_back, slices, helpers.has_value());
  if (helpers.value_or(0) > 0) {
    while (driver->helpers.size() < *helpers) driver->helpers.emplace_back();
    std::vector<std::unique_ptr<session::Worker>> workers;
    for (Driver::Helper& helper : driver->helpers) {
      if (workers.size() < *helpers) {
        workers.push_back(executor.enlist(helper.device, helper.kernels));
      }
    }
    executor.admit(std::move(workers));
  }
  pack(input, executor.frame_in(0), half(options));
  session::write_parameters(executor.graph(), {}, net::evaluate_parameters(net, style),
                            executor.parameters(0));
  executor.fill_arena(guard_word);
  executor.submit(0);
  EXPECT_TRUE(executor.wait(0));
  device().wait_idle();  // or every later submit is checked against this one
  return {unpack(net.value(net.output), executor.frame_out(0), half(options)),
          check_guards(executor)};
}

std::vector<graph::CompileOptions> storage_variants() {
  std::vector<graph::CompileOptions> result;
  for (std::size_t turn = 0; turn < 4; ++turn) result.push_back(storage_variant(turn));
  return result;
}

graph::CompileOptions storage_variant(std::size_t turn) {
  graph::CompileOptions options = options_for_tests();
  options.precision = turn % 2 == 0 ? graph::Precision::fp32 : graph::Precision::fp16_everywhere;
  options.texel_reads &= turn / 2 % 2 == 0;
  return options;
}

void expect_result(const std::string& name, const net::Net& net,
                   const graph::CompileOptions& options, const net::Tensor& input,
                   const net::Tensor& reference, const Bound& bound) {
  const Outcome outcome = run_network(net, options, input);
  EXPECT_TRUE(compare(reference, outcome.result, bound)) << name << ", " << describe(options);
  EXPECT_EQ(outcome.guards, "") << name << ", " << describe(options);
}

net::Tensor reference_for(const graph::CompileOptions& options, const net::Net& net,
                          const net::Tensor& input) {
  return net::evaluate(net, input, {}, half(options) ? net::Rounding::half : net::Rounding::exact);
}

std::string describe(const graph::CompileOptions& options) {
  static constexpr const char* families[] = {"automatic", "shuffle", "tiled", "generic"};
  std::string text = half(options) ? "fp16" : "fp32";
  text += options.texel_reads ? " texel " : " storage ";
  text += families[static_cast<int>(options.family)];
  return text;
}

}  // namespace impasto::test
