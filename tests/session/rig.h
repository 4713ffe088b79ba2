// Owns: networks on the device under test: one device and kernel cache per program, packing and
// unpacking of frames, and guard words around every tensor of the arena.
// Depends on: session/executor.h, graph/compile.h, support/accuracy.h.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/graph/compile.h"
#include "engine/net/net.h"
#include "engine/net/reference.h"
#include "engine/net/tensor.h"
#include "engine/session/executor.h"
#include "tests/support/accuracy.h"

namespace impasto::test {

/// The device of the environment's driver, opened once.
gpu::Device& device();
gpu::KernelCache& kernels();

/// Options for this device: tensors are a kilobyte apart, so that guard words fit between them.
graph::CompileOptions options_for_tests();

struct Outcome {
  net::Tensor result;
  std::string guards;  ///< empty, or where bytes outside of every tensor were written
};

/// One frame. The arena is NaN before it, so reading what nobody wrote shows; the lanes past the
/// input's last channel hold a number that no result may depend on. With `helpers` so many other
/// devices work at it too, for gpu::DeviceInfo::imports_host_memory; 0: it waits for some, by lean
/// kernels.
Outcome run_network(const net::Net& net, const graph::CompileOptions& options,
                    const net::Tensor& input, const std::vector<float>& style = {},
                    const session::Slices& slices = {}, std::optional<std::size_t> helpers = {});

/// Fills arenas before a frame: NaN as one float and as two halves.
constexpr std::uint32_t guard_word = 0xffe7ffe7;
/// Empty, or which word of the arena holds no guard although no pass may write it.
std::string check_guards(session::Executor& executor);

/// An activation to the start of `bytes`, with a number that no result may depend on in the lanes
/// past its last channel.
void pack(const net::Tensor& tensor, std::span<std::byte> bytes, bool as_half);
/// The activation of `value`'s size at the start of `bytes`.
net::Tensor unpack(const net::Value& value, std::span<const std::byte> bytes, bool as_half);

/// The four ways to store and read tensors: fp32 and fp16, texel buffers (where this device is
/// driven by them) and storage buffers.
std::vector<graph::CompileOptions> storage_variants();
/// One of them by turns, for tables whose full product would take too long.
graph::CompileOptions storage_variant(std::size_t turn);

/// Runs the network and expects `reference` within `bound`, and the guards unharmed.
void expect_result(const std::string& name, const net::Net& net,
                   const graph::CompileOptions& options, const net::Tensor& input,
                   const net::Tensor& reference, const Bound& bound);

/// The reference as a device with these options can meet it: rounded where it stores halves.
net::Tensor reference_for(const graph::CompileOptions& options, const net::Net& net,
                          const net::Tensor& input);

/// Names of the options that differ from the default, for messages.
std::string describe(const graph::CompileOptions& options);

}  // namespace impasto::test
