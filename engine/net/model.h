// Owns: a parsed ONNX file, independent of the frame size, and what its metadata says.
// Depends on: net.h. The only header of the importer; protobuf and onnx stay behind it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/net/net.h"

namespace impasto::net {

/// One style of a pack, as metadata_props "styles" lists it.
struct StyleInfo {
  std::string name;
  std::string painter;
  std::string title;
  std::string year;
};

/// The values that a picture's 0..1 becomes at the network's input or output.
struct ValueRange {
  float low = 0;
  float high = 255;
};

struct ModelInfo {
  std::string name;  ///< file name without folder and ending
  std::string file;
  std::vector<StyleInfo> styles;  ///< empty: the network has no style input
  int identity_style = -1;        ///< index into styles of the one that reproduces the input
  int size_multiple = 1;          ///< frames are padded to a multiple of this
  ValueRange input_range;
  ValueRange output_range;
  int fixed_height = 0;  ///< > 0: the graph depends on this size and runs at no other
  int fixed_width = 0;
};

/// What becomes of batch norms with stored statistics.
enum class BatchNorms {
  folded,  ///< into the convolution before them, where there is one: faster
  live,    ///< norm layers like all others
};

class Model {
 public:
  /// Parses and checks a file. Throws Error{model} with one line that names the node and the op;
  /// needs no device, reads external data only from inside the file's folder.
  static Model load(const std::filesystem::path& file);
  /// The same from memory; `folder` is where external data may lie (empty: nowhere).
  static Model parse(std::span<const std::byte> bytes, const std::string& name,
                     const std::filesystem::path& folder = {});

  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;
  ~Model();

  const ModelInfo& info() const;
  /// Replaces what the metadata says, or does not say; empty: left as it is.
  void override_ranges(const std::optional<ValueRange>& input,
                       const std::optional<ValueRange>& output);

  /// The network for an input of [channels of the graph][height][width], every shape folded.
  /// Throws Error{model} where the graph cannot run at this size.
  Net build(int height, int width, BatchNorms batch_norms = BatchNorms::folded) const;
  /// The same at the size that loading tries a model of any size at.
  Net build_sample(BatchNorms batch_norms) const;

  /// SHA-like 64-bit digest of the file, for caches and presets.
  std::uint64_t digest() const;

 private:
  struct Parsed;
  explicit Model(std::unique_ptr<Parsed> parsed);
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace impasto::net
