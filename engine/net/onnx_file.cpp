#include "engine/net/onnx_file.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/stubs/logging.h>

#include <limits>

#include "engine/base/error.h"
#include "engine/net/onnx_attributes.h"
#include "engine/net/onnx_wire.h"

namespace impasto::net {
namespace {

constexpr int oldest_opset = 7;
constexpr int newest_opset = 21;
constexpr int oldest_ir = 3;
// Networks for pictures have some hundred; each becomes a pass that a device has to set up.
constexpr int most_nodes = 20'000;

/// FNV-1a, 64 bits.
std::uint64_t digest_of(std::span<const std::byte> bytes) {
  std::uint64_t hash = 0xCBF29CE484222325ULL;
  for (const std::byte byte : bytes) {
    hash = (hash ^ static_cast<std::uint64_t>(byte)) * 0x100000001B3ULL;
  }
  return hash;
}

void parse(std::span<const std::byte> bytes, onnx::ModelProto& proto) {
  if (bytes.empty()) refuse("the file is empty");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    refuse("the file is larger than 2 GiB: keep its weights in external data");
  }
  require_modest_structure(bytes);
  const google::protobuf::LogSilencer one_line_per_error;
  google::protobuf::io::ArrayInputStream array(bytes.data(), static_cast<int>(bytes.size()));
  google::protobuf::io::CodedInputStream stream(&array);
  stream.SetTotalBytesLimit(std::numeric_limits<int>::max());
  if (!proto.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage()) {
    refuse("the file is not ONNX, or damaged");
  }
}

void read_versions(OnnxFile& file) {
  const onnx::ModelProto& proto = file.proto;
  if (proto.ir_version() < oldest_ir) {
    refuse("its IR version is " + std::to_string(proto.ir_version()) + ", 3 or later is needed");
  }
  std::int64_t opset = 0;
  for (const auto& entry : proto.opset_import()) {
    // Other domains may be declared; a node that uses one is refused by name.
    if (entry.domain().empty() || entry.domain() == "ai.onnx") opset = entry.version();
  }
  if (opset < oldest_opset || opset > newest_opset) {
    refuse("its opset is " + std::to_string(opset) + ", supported are " +
           std::to_string(oldest_opset) + " to " + std::to_string(newest_opset));
  }
  file.opset = static_cast<int>(opset);
  if (!proto.has_graph() || proto.graph().node_size() == 0) refuse("it holds no graph");
  if (proto.graph().node_size() > most_nodes) {
    refuse("its graph has more than " + std::to_string(most_nodes) + " nodes");
  }
  if (proto.graph().sparse_initializer_size() > 0) refuse("sparse tensors are not supported");
}

void keep(OnnxFile& file, const std::string& name, HostTensor tensor) {
  if (!file.constants.emplace(name, std::move(tensor)).second) {
    refuse("'" + printable(name) + "' is defined twice");
  }
}

void read_initializers(OnnxFile& file, const std::filesystem::path& folder) {
  for (onnx::TensorProto& tensor : *file.proto.mutable_graph()->mutable_initializer()) {
    try {
      keep(file, tensor.name(), decode_tensor(tensor, folder));
    } catch (const Refusal& refusal) {
      refuse("initializer '" + printable(tensor.name()) + "': " + refusal.what());
    }
    tensor = onnx::TensorProto();  // the decoded copy is enough
  }
}

/// Tensors in Constant nodes are decoded once, like initializers.
void read_constant_nodes(OnnxFile& file, const std::filesystem::path& folder) {
  for (onnx::NodeProto& node : *file.proto.mutable_graph()->mutable_node()) {
    if (node.op_type() != "Constant" || node.output_size() != 1 || !node.domain().empty()) continue;
    try {
      const onnx::TensorProto* tensor = Attributes(node).tensor("value");
      if (!tensor) continue;
      keep(file, node.output(0), decode_tensor(*tensor, folder));
    } catch (const Refusal& refusal) {
      refuse(describe(node) + ": " + refusal.what());
    }
    node.clear_attribute();
    node.clear_output();
  }
}

}  // namespace

std::string describe(const onnx::NodeProto& node) {
  const std::string& name =
      !node.name().empty() || node.output_size() == 0 ? node.name() : node.output(0);
  return "node '" + printable(name) + "' (" + printable(node.op_type()) + ")";
}

void read_model(std::span<const std::byte> bytes, const std::filesystem::path& folder,
                OnnxFile& file) {
  parse(bytes, file.proto);
  file.digest = digest_of(bytes);
  read_versions(file);
  read_initializers(file, folder);
  read_constant_nodes(file, folder);
  read_metadata(file);
  read_inputs(file);
}

}  // namespace impasto::net
