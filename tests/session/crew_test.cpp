// Several devices at one frame: they wait for one another, and give the bits of one.
#include <gtest/gtest.h>

#include "engine/gpu/meeting.h"
#include "engine/session/crew.h"
#include "shaders/embedded.h"
#include "tests/session/rig.h"
#include "tests/support/chain.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

class Crew : public testing::Test {
 protected:
  void SetUp() override {
    if (session::crew_size() < 2) GTEST_SKIP() << "one core, or one submit at a time";
    if (!device().info().imports_host_memory) GTEST_SKIP() << "the driver's devices share nothing";
  }
};

net::Net wide_network() {
  Chain chain({3, 61, 58}, 701);
  chain.conv(48, 3, {.border = 1}).norm(net::NormKind::instance).relu();
  chain.conv(48, 3, {.border = 1}).norm(net::NormKind::instance).relu().upsample(2);
  return chain.conv(24, 3, {.border = 1}).conv(3, 3, {.border = 1}).build();
}

// Its last convolution stores blocks of pixels, and their sum with the picture.
net::Net network_of_cells() {
  Chain chain({3, 30, 44}, 702);
  const Chain::Mark image = chain.mark();
  chain.space_to_depth(2).conv(16, 3, {.border = 1}).norm(net::NormKind::instance).relu();
  chain.conv(12, 3, {.border = 1, .bias = true}).depth_to_space(2, true);
  return chain.binary(net::BinaryKind::add, image).activation(net::ActivationKind::sigmoid).build();
}

void expect_same_bits(const net::Net& net, const graph::CompileOptions& options) {
  const net::Value& value = net.value(net.input);
  const net::Tensor input = random_tensor(value.channels, value.height, value.width, 1);
  const Outcome alone = run_network(net, options, input);
  for (const std::size_t helpers : {0U, 1U, 2U, 4U}) {  // none: lean kernels
    graph::CompileOptions together = options;
    together.device.devices = static_cast<int>(helpers) + 1;
    const Outcome outcome = run_network(net, together, input, {}, {}, helpers);
    EXPECT_EQ(outcome.result.data, alone.result.data) << helpers << ", " << describe(options);
    EXPECT_EQ(outcome.guards, "") << helpers << ", " << describe(options);
  }
}

TEST_F(Crew, gives_the_bits_of_one) {
  for (const graph::CompileOptions& options : storage_variants()) {
    expect_same_bits(every_kernel(), options);
  }
}

TEST_F(Crew, gives_the_bits_of_one_in_runs_of_wide_layers) {
  expect_same_bits(wide_network(), options_for_tests());
}

TEST_F(Crew, gives_the_bits_of_one_in_cells) {
  expect_same_bits(network_of_cells(), options_for_tests());
}

TEST_F(Crew, gives_the_bits_of_one_in_grids_that_wrap) {
  graph::CompileOptions options = options_for_tests();
  options.family = graph::ConvFamily::tiled;
  options.texel_reads = false;
  options.device.max_groups = 9;
  expect_same_bits(every_kernel(), options);
}

struct Carrier {
  gpu::Device device;
  gpu::KernelCache kernels{device, shaders::find_module, ""};
  gpu::Timeline timeline{device};
};

// Two frames are in flight, so that each begins while the one before, made in another way, may not
// be done.
TEST_F(Crew, gives_the_bits_of_one_while_it_comes_and_goes) {
  const net::Net net = wide_network();
  graph::CompileOptions options = options_for_tests();
  const net::Tensor inputs[] = {random_tensor(3, 61, 58, 1), random_tensor(3, 61, 58, 2)};
  const net::Tensor alone[] = {run_network(net, options, inputs[0]).result,
                               run_network(net, options, inputs[1]).result};
  options.device.devices = 2;
  Carrier other;
  session::Executor executor(device(), kernels(), graph::compile_network(net, options), 2,
                             gpu::MemoryUse::read_back, {}, true);
  std::vector<std::unique_ptr<session::Worker>> workers;
  workers.push_back(executor.enlist(other.device, other.kernels));
  executor.admit(std::move(workers));
  for (const int slot : {0, 1}) {
    pack(inputs[slot], executor.frame_in(slot), false);
    session::write_parameters(executor.graph(), {}, net::evaluate_parameters(net, {}),
                              executor.parameters(slot));
  }
  const bool together[] = {true, false, true, true, false, false, true, false, false, true};
  const auto expect_frame = [&](std::size_t frame) {
    const int slot = static_cast<int>(frame % 2);
    EXPECT_TRUE(executor.wait(slot));
    EXPECT_EQ(executor.workers_at(slot), together[frame] ? 2U : 1U) << frame;
    EXPECT_EQ(unpack(net.value(net.output), executor.frame_out(slot), false).data, alone[slot].data)
        << frame;
  };
  for (std::size_t frame = 0; frame < std::size(together); ++frame) {
    if (frame >= 2) expect_frame(frame - 2);
    executor.work_together(together[frame]);
    executor.submit(static_cast<int>(frame % 2));
  }
  for (std::size_t frame = std::size(together) - 2; frame < std::size(together); ++frame) {
    expect_frame(frame);
  }
}

// A helper makes its code beside frames of the first device.
TEST_F(Crew, changes_nothing_of_a_frame_while_it_gets_ready) {
  for (graph::CompileOptions options : storage_variants()) {
    options.device.devices = 2;
    Carrier other;
    session::Executor executor(device(), kernels(), graph::compile_network(every_kernel(), options),
                               1, gpu::MemoryUse::read_back, {}, true);
    executor.fill_arena(0x3f9d70a4);
    const auto contents = [&] {
      std::vector<std::vector<std::byte>> blocks;
      for (std::size_t i = 0; i < executor.graph().arena_blocks.size(); ++i) {
        blocks.push_back(executor.read_arena(i));
      }
      return blocks;
    };
    const auto before = contents();
    const std::unique_ptr<session::Worker> helper = executor.enlist(other.device, other.kernels);
    EXPECT_TRUE(contents() == before) << describe(options);
  }
}

// The words of `from` go to `to`, after a meeting.
void copy_after_meeting(gpu::Recorder& recorder, const gpu::Meeting& meeting, gpu::Share share,
                        const gpu::Buffer& from, const gpu::Buffer& to) {
  using gpu::Stage;
  meeting.record(recorder, share);
  recorder.barrier(Stage::compute, Stage::transfer);
  recorder.copy(from, 0, to, 0, from.size());
  recorder.barrier(Stage::transfer, Stage::compute);
}

// Each device copies what the other one wrote a meeting before.
TEST_F(Crew, meetings_order_what_devices_do) {
  constexpr std::uint32_t steps = 200;
  constexpr std::size_t words = 4096;
  Carrier a;
  Carrier b;
  const gpu::Meeting first(a.device, a.kernels);
  const gpu::Meeting second(b.device, b.kernels, first);
  std::vector<std::shared_ptr<const gpu::HostMemory>> memory;
  std::vector<gpu::Buffer> on_a;
  std::vector<gpu::Buffer> on_b;
  for (std::uint32_t i = 0; i <= steps; ++i) {
    memory.push_back(std::make_shared<const gpu::HostMemory>(words * 4));
    on_a.emplace_back(a.device, words * 4, memory.back(), "on a");
    on_b.emplace_back(b.device, words * 4, memory.back(), "on b");
  }
  auto* start = reinterpret_cast<std::uint32_t*>(memory.front()->data());
  for (std::uint32_t i = 0; i < words; ++i) start[i] = i * 2654435761U;

  gpu::Recorder record_a(a.device, "a");
  gpu::Recorder record_b(b.device, "b");
  for (std::uint32_t i = 0; i < steps; ++i) {
    const bool odd = i % 2 == 1;
    gpu::Recorder& recorder = odd ? record_b : record_a;
    copy_after_meeting(recorder, odd ? second : first, {odd ? 1U : 0U, 2}, odd ? on_b[i] : on_a[i],
                       odd ? on_b[i + 1] : on_a[i + 1]);
    gpu::Recorder& other = odd ? record_a : record_b;
    (odd ? first : second).record(other, {odd ? 0U : 1U, 2});
  }
  record_a.barrier(gpu::Stage::transfer, gpu::Stage::host);
  record_b.barrier(gpu::Stage::transfer, gpu::Stage::host);
  const std::uint64_t done_b = b.timeline.submit(record_b.finish());
  a.timeline.wait(a.timeline.submit(record_a.finish()));
  b.timeline.wait(done_b);
  EXPECT_EQ(std::memcmp(memory.front()->data(), memory.back()->data(), words * 4), 0);
}

TEST_F(Crew, nobody_waits_at_a_meeting_that_was_abandoned) {
  Carrier one;
  gpu::Meeting meeting(one.device, one.kernels);
  gpu::Recorder recorder(one.device, "alone");
  for (int i = 0; i < 3; ++i) meeting.record(recorder, {0, 2});
  const std::uint64_t done = one.timeline.submit(recorder.finish());
  EXPECT_FALSE(one.timeline.wait(done, std::chrono::milliseconds(300)));
  EXPECT_FALSE(meeting.abandoned());
  meeting.abandon();
  EXPECT_TRUE(one.timeline.wait(done));
}

}  // namespace
}  // namespace impasto::test
