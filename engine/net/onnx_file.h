// Owns: an ONNX file after parsing: the graph, its stored tensors decoded, its inputs understood,
// its metadata read. Immutable once loaded; nets built from it keep it alive.
// Depends on: onnx_tensor.h, model.h, protobuf's ONNX classes, nlohmann-json for the metadata.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "engine/net/model.h"
#include "engine/net/onnx_tensor.h"

namespace impasto::net {

/// The input that carries the picture: [1, channels, H, W], or [1, H, W, channels].
struct ImageInput {
  std::string name;
  int channels = 0;
  int height = 0;  ///< 0: left open by the file
  int width = 0;
  bool channels_last = false;
};

/// The input that carries the style.
struct StyleInput {
  std::string name;  ///< empty: there is none
  ElementType type = onnx::TensorProto::FLOAT;
  Shape shape;
  int count = 0;          ///< number of styles
  bool is_index = false;  ///< an integer that picks a style, not a weight per style
};

struct OnnxFile {
  ModelInfo info;
  onnx::ModelProto proto;
  int opset = 0;
  std::uint64_t digest = 0;
  /// Initializers and the values of Constant nodes, by name.
  std::unordered_map<std::string, HostTensor> constants;
  ImageInput image;
  StyleInput style;
  std::string output;
};

/// Fills everything from the bytes of a file. `folder` is where external data may lie. Throws
/// Refusal, or Error{model} where it can name a node.
void read_model(std::span<const std::byte> bytes, const std::filesystem::path& folder,
                OnnxFile& file);

/// The parts of read_model: inputs and output (onnx_inputs.cpp), metadata_props
/// (onnx_metadata.cpp). `read_metadata` comes first: it may give the number of styles.
void read_metadata(OnnxFile& file);
void read_inputs(OnnxFile& file);

/// "node 'name' (Op)" for messages.
std::string describe(const onnx::NodeProto& node);

}  // namespace impasto::net
