// Owns: the numbers that turn codes into R, G, B and back, as the frame kernels take them.
// Depends on: video/frame.h, shaders/frame_abi.h. To add a matrix: a line in luma_weights.
#pragma once

#include <array>

#include "engine/video/frame.h"
#include "shaders/frame_abi.h"

namespace impasto::graph {

/// Rows of three factors and an addend.
using ColorMatrix = std::array<double, 12>;

/// Weights of R, G, B in luma (ITU-R BT.601, BT.709, BT.2020); BT.709's for RGB.
std::array<double, 3> luma_weights(video::Matrix matrix);

/// R, G, B in 0..1 from the codes of components 0, 1, 2 (ITU-T H.273, 8.3: ranges and matrices);
/// gray gives three equal values from the first.
ColorMatrix codes_to_rgb(const video::FrameFormat& format);
ColorMatrix rgb_to_codes(const video::FrameFormat& format);

/// Fills the members of SAMPLE_CONSTANTS: where the samples lie, their depth and positions, and the
/// curve. IngestConstants and EmitConstants begin alike.
template <class Constants>
void describe_samples(const video::FrameFormat& format, Constants& constants);

extern template void describe_samples(const video::FrameFormat&, abi::IngestConstants&);
extern template void describe_samples(const video::FrameFormat&, abi::EmitConstants&);

}  // namespace impasto::graph
