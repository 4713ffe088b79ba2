// Owns: a decoded picture in memory and the description of how its samples lie there.
// Depends on: the standard library only; names no FFmpeg type, so that session and graph may use
// it. To add a pixel format: a row in video/pixel_formats.cpp; the shaders read the description.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace impasto::video {

/// Where one component's samples lie in its plane.
struct Component {
  int plane = 0;
  int offset = 0;  ///< bytes from the start of a row to the first sample
  int step = 1;    ///< bytes between horizontal neighbours
  int shift = 0;   ///< bits to shift a sample right (P010 has 6)
  int depth = 8;   ///< bits per sample: 8..16; above 8 a sample is a little-endian 16-bit word
  bool operator==(const Component&) const = default;
};

/// How the samples of a frame lie in memory: planar, semi-planar and packed formats alike.
struct PixelLayout {
  std::string name;         ///< as FFmpeg calls it: "yuv420p10le"
  bool rgb = false;         ///< components are R, G, B, else Y, Cb, Cr
  int component_count = 3;  ///< 1 gray, 2 gray+alpha, 3, 4 with alpha
  std::array<Component, 4> components{};
  int log2_chroma_width = 0;  ///< 1: chroma has half the columns
  int log2_chroma_height = 0;
  int plane_count = 1;
  bool has_alpha() const { return component_count == 2 || component_count == 4; }
  bool operator==(const PixelLayout&) const = default;
};

enum class Matrix { bt601, bt709, bt2020, identity };
enum class Range { limited, full };
enum class Transfer { gamma, pq, hlg };  ///< gamma: every transfer that the networks see as coded
/// Chroma sample position in luma samples from the first luma sample, ITU-T H.273 ChromaLocType.
enum class ChromaLocation { left, center, top_left, top, bottom_left, bottom };

struct ColorDescription {
  Matrix matrix = Matrix::bt601;
  Range range = Range::limited;
  Transfer transfer = Transfer::gamma;
  ChromaLocation chroma = ChromaLocation::left;
  bool operator==(const ColorDescription&) const = default;
};

/// What stays the same over a run of frames; a change of it makes the session rebuild.
struct FrameFormat {
  int width = 0;
  int height = 0;
  PixelLayout layout;
  ColorDescription color;
  bool operator==(const FrameFormat&) const = default;
  /// Columns / rows of a plane (chroma planes round up).
  int plane_width_bytes(int plane) const;
  int plane_height(int plane) const;
};

/// A decoded picture. Data is shared and read-only; `owner` keeps it alive.
struct Frame {
  FrameFormat format;
  std::array<const std::byte*, 4> planes{};
  std::array<std::ptrdiff_t, 4> strides{};  ///< bytes per row; negative: bottom-up
  std::int64_t pts = 0;                     ///< in the source's time base
  std::int64_t duration = 0;                ///< 0: unknown
  /// Opaque per-frame properties (side data) that the sink hands on untouched; may be null.
  std::shared_ptr<const void> properties;
  std::shared_ptr<const void> owner;
};

/// A frame of this format with memory of its own, rows aligned to 64 bytes, content undefined;
/// writable through the returned pointers.
struct WritableFrame {
  Frame frame;
  std::array<std::byte*, 4> planes{};
};
WritableFrame allocate_frame(const FrameFormat& format);

}  // namespace impasto::video
