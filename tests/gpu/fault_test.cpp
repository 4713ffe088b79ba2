// Each failure that a driver may report becomes one Error{gpu} that names the call, leaks nothing
// and crashes nothing: the validation layers, stacked with the fault layer, see what stays behind.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/gpu/instance.h"
#include "tests/gpu/rig.h"

namespace impasto {
namespace {

using gpu::Buffer;
using gpu::MemoryUse;
using gpu::Stage;
using ::testing::HasSubstr;

struct Fault {
  const char* function;
  int call;
  const char* result;
};
void PrintTo(const Fault& fault, std::ostream* out) {
  *out << fault.function << ":" << fault.call << ":" << fault.result;
}

// One of everything: list, open, allocate, compile (with prepare), record, submit, wait, read.
void whole_run() {
  gpu::list_devices();
  test::Rig rig;
  const Buffer from = rig.buffer(4096, MemoryUse::upload);
  const Buffer middle = rig.buffer(4096, MemoryUse::device);
  const Buffer to = rig.buffer(4096, MemoryUse::read_back);
  const std::vector<gpu::KernelKey> keys = {test::scale_key(1), test::scale_key(2)};
  rig.kernels.prepare(keys);
  const gpu::KernelKey fetch{
      .module = "fetch",
      .constants = {64},
      .bindings = {gpu::BindingKind::texel_read, gpu::BindingKind::storage_write}};
  gpu::Recorder recorder(rig.device, "run", 2);
  recorder.timestamp(0);
  recorder.copy(from, 0, middle, 0, 4096);
  recorder.barrier(Stage::transfer, Stage::compute);
  const gpu::Binding bindings[] = {test::whole(middle, VK_FORMAT_R32G32B32A32_SFLOAT),
                                   test::whole(to)};
  recorder.dispatch(rig.kernels.get(fetch), bindings, {}, {4, 1, 1}, "fetch");
  recorder.barrier(Stage::compute, Stage::host);
  recorder.timestamp(1);
  const VkCommandBuffer commands = recorder.finish();
  rig.timeline.wait(rig.timeline.submit(commands));
  // One is in flight when the last submit fails.
  const auto order = [&](const std::string& name) {
    gpu::Recorder barrier(rig.device, name);
    barrier.barrier(Stage::compute | Stage::host, Stage::compute | Stage::transfer);
    return barrier;
  };
  gpu::Recorder second = order("second");
  gpu::Recorder third = order("third");
  rig.timeline.submit(second.finish());
  rig.timeline.wait(rig.timeline.submit(third.finish()));
  rig.timeline.completed();
  recorder.timestamps_ms();
}

class FaultLayer : public ::testing::Test {
 protected:
  void SetUp() override {
    setenv("VK_ADD_LAYER_PATH", IMPASTO_FAULT_LAYER, 1);
    setenv("VK_INSTANCE_LAYERS", "VK_LAYER_IMPASTO_fault", 1);
  }
  void TearDown() override {
    unsetenv("IMPASTO_FAULT");
    unsetenv("VK_INSTANCE_LAYERS");
    unsetenv("VK_ADD_LAYER_PATH");
  }
};

TEST_F(FaultLayer, WithoutAFaultEverythingWorks) {
  const gpu::ValidationMessages before = gpu::validation_messages();
  EXPECT_NO_THROW(whole_run());
  EXPECT_EQ(gpu::validation_messages(), before);
}

class Faults : public FaultLayer, public ::testing::WithParamInterface<Fault> {};

TEST_P(Faults, GiveOneErrorAndLeaveNothingBehind) {
  const Fault& fault = GetParam();
  const std::string text =
      std::string(fault.function) + ":" + std::to_string(fault.call) + ":" + fault.result;
  setenv("IMPASTO_FAULT", text.c_str(), 1);
  const gpu::ValidationMessages before = gpu::validation_messages();
  const std::string message = test::gpu_error(whole_run);
  EXPECT_THAT(message, HasSubstr(fault.function));
  EXPECT_THAT(message, HasSubstr(fault.result));
  EXPECT_EQ(gpu::validation_messages(), before);
}

constexpr const char* host_memory = "VK_ERROR_OUT_OF_HOST_MEMORY";
constexpr const char* device_memory = "VK_ERROR_OUT_OF_DEVICE_MEMORY";
constexpr const char* lost = "VK_ERROR_DEVICE_LOST";

INSTANTIATE_TEST_SUITE_P(
    EachCall, Faults,
    ::testing::Values(
        Fault{"vkCreateInstance", 1, host_memory},
        Fault{"vkEnumeratePhysicalDevices", 1, "VK_ERROR_INITIALIZATION_FAILED"},
        Fault{"vkCreateDevice", 1, "VK_ERROR_INITIALIZATION_FAILED"},
        Fault{"vkCreateDevice", 1, lost}, Fault{"vkCreatePipelineCache", 1, host_memory},
        Fault{"vkCreateSemaphore", 1, host_memory}, Fault{"vkCreateBuffer", 1, device_memory},
        Fault{"vkCreateBuffer", 3, device_memory}, Fault{"vkAllocateMemory", 1, device_memory},
        Fault{"vkAllocateMemory", 2, device_memory}, Fault{"vkAllocateMemory", 3, host_memory},
        Fault{"vkBindBufferMemory", 2, device_memory},
        Fault{"vkMapMemory", 1, "VK_ERROR_MEMORY_MAP_FAILED"},
        Fault{"vkMapMemory", 2, "VK_ERROR_MEMORY_MAP_FAILED"},
        Fault{"vkCreateDescriptorSetLayout", 1, host_memory},
        Fault{"vkCreatePipelineLayout", 2, host_memory},
        Fault{"vkCreateShaderModule", 1, host_memory},
        Fault{"vkCreateComputePipelines", 1, device_memory},
        Fault{"vkCreateComputePipelines", 2, host_memory},
        Fault{"vkCreateComputePipelines", 3, device_memory},
        Fault{"vkCreateCommandPool", 1, host_memory},
        Fault{"vkAllocateCommandBuffers", 1, device_memory},
        Fault{"vkBeginCommandBuffer", 1, host_memory}, Fault{"vkCreateQueryPool", 1, device_memory},
        Fault{"vkCreateDescriptorPool", 1, host_memory},
        Fault{"vkAllocateDescriptorSets", 1, device_memory},
        Fault{"vkCreateBufferView", 1, host_memory}, Fault{"vkEndCommandBuffer", 1, device_memory},
        Fault{"vkEndCommandBuffer", 2, host_memory}, Fault{"vkQueueSubmit2", 1, lost},
        Fault{"vkQueueSubmit2", 3, lost}, Fault{"vkQueueSubmit2", 2, device_memory},
        Fault{"vkWaitSemaphores", 1, lost}, Fault{"vkWaitSemaphores", 2, lost},
        Fault{"vkGetSemaphoreCounterValue", 1, lost}, Fault{"vkGetQueryPoolResults", 1, lost}),
    [](const auto& each) { return std::string(each.param.function) + std::to_string(each.index); });

// What ends quietly: nobody can do anything about it any more.
TEST_F(FaultLayer, WaitingForIdleAtTheEndNeverThrows) {
  setenv("IMPASTO_FAULT", "vkQueueWaitIdle:1:VK_ERROR_DEVICE_LOST", 1);
  EXPECT_NO_THROW(whole_run());
}

}  // namespace
}  // namespace impasto
