// Owns: the correspondence between FFmpeg's colour tags and ColorDescription. Internal to
// engine/video. Depends on: FFmpeg, video/frame.h. To add a matrix: an enumerator in frame.h and a
// line in each direction here.
#pragma once

#include "engine/video/frame.h"
#include "engine/video/libav.h"

namespace impasto::video {

/// Colour tags as FFmpeg has them, with every value that the four enums of ours do not tell apart.
struct ColorTags {
  AVColorRange range = AVCOL_RANGE_UNSPECIFIED;
  AVColorPrimaries primaries = AVCOL_PRI_UNSPECIFIED;
  AVColorTransferCharacteristic transfer = AVCOL_TRC_UNSPECIFIED;
  AVColorSpace matrix = AVCOL_SPC_UNSPECIFIED;
  AVChromaLocation chroma = AVCHROMA_LOC_UNSPECIFIED;
};

ColorTags tags_of(const AVFrame& frame);

/// What the samples mean. Unknown matrix: BT.709 from 720 lines or 1280 columns on, else BT.601;
/// unknown range: limited for YUV, full for RGB and gray without a tag; unknown chroma location:
/// left, center for full-range "yuvj" pictures (JPEG).
ColorDescription describe_color(const ColorTags& tags, const PixelLayout& layout, bool yuvj,
                                int width, int height);

/// The tags to write for frames of `format` made from a source with `source` tags. A tag that
/// already means the same stays (unknown too); primaries and transfer stay as they are.
ColorTags tags_for(const FrameFormat& format, const ColorTags& source);

/// The matrix that players assume for untagged YUV of this size.
Matrix guess_matrix(int width, int height);

void apply_tags(const ColorTags& tags, AVFrame& frame);
void apply_tags(const ColorTags& tags, AVCodecContext& context);

}  // namespace impasto::video
