#include "engine/graph/compile.h"

#include "engine/graph/finish.h"
#include "engine/graph/fuse.h"
#include "engine/graph/lower.h"

namespace impasto::graph {

RenderGraph compile_network(const net::Net& net, const CompileOptions& options) {
  Draft draft(options);
  const auto frame_tensor = [&](net::ValueId id, bool input) {
    const net::Value& value = net.value(id);
    TensorRef tensor{-1, value.channels, value.height, value.width};
    const std::uint64_t bytes = draft.tensor_bytes(tensor.planes(), value.height, value.width);
    tensor.resource = input ? draft.frame_in(bytes) : draft.frame_out(bytes);
    return tensor;
  };
  const TensorRef input = frame_tensor(net.input, true);
  const TensorRef output = frame_tensor(net.output, false);
  const TensorRef result = lower_network(draft, net, input);
  lower_map(draft, "output", TensorView{.tensor = result}, {}, {}, -1, output);
  return finish(draft);
}

}  // namespace impasto::graph
