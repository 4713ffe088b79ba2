#include "engine/video/color.h"

namespace impasto::video {
namespace {

Matrix describe_matrix(AVColorSpace matrix, int width, int height) {
  switch (matrix) {
    case AVCOL_SPC_RGB:
      return Matrix::identity;
    case AVCOL_SPC_BT709:
    case AVCOL_SPC_SMPTE240M:  // weights within 0.015 of BT.709's
      return Matrix::bt709;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_FCC:  // weights within 0.004 of BT.601's
      return Matrix::bt601;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
      return Matrix::bt2020;
    case AVCOL_SPC_UNSPECIFIED:
    case AVCOL_SPC_RESERVED:
      return guess_matrix(width, height);
    default:
      return Matrix::bt601;
  }
}

AVColorSpace tag_of(Matrix matrix) {
  switch (matrix) {
    case Matrix::bt601:
      return AVCOL_SPC_SMPTE170M;
    case Matrix::bt709:
      return AVCOL_SPC_BT709;
    case Matrix::bt2020:
      return AVCOL_SPC_BT2020_NCL;
    case Matrix::identity:
      return AVCOL_SPC_RGB;
  }
  return AVCOL_SPC_UNSPECIFIED;
}

bool subsampled(const PixelLayout& layout) {
  return layout.log2_chroma_width != 0 || layout.log2_chroma_height != 0;
}

}  // namespace

Matrix guess_matrix(int width, int height) {
  return height >= 720 || width >= 1280 ? Matrix::bt709 : Matrix::bt601;
}

ColorTags tags_of(const AVFrame& frame) {
  return {frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace,
          frame.chroma_location};
}

ColorDescription describe_color(const ColorTags& tags, const PixelLayout& layout, bool yuvj,
                                int width, int height) {
  ColorDescription color;
  const bool gray = layout.component_count < 3;
  if (layout.rgb) {
    color.matrix = Matrix::identity;
    color.range = Range::full;
  } else {
    color.matrix = describe_matrix(tags.matrix, width, height);
    // An identity matrix on YUV planes is a mislabelled stream: G, B, R planes carry an RGB format.
    if (color.matrix == Matrix::identity) color.matrix = guess_matrix(width, height);
    const bool full =
        yuvj || tags.range == AVCOL_RANGE_JPEG || (gray && tags.range == AVCOL_RANGE_UNSPECIFIED);
    color.range = full ? Range::full : Range::limited;
  }
  if (tags.transfer == AVCOL_TRC_SMPTE2084) color.transfer = Transfer::pq;
  if (tags.transfer == AVCOL_TRC_ARIB_STD_B67) color.transfer = Transfer::hlg;
  if (tags.chroma >= AVCHROMA_LOC_LEFT && tags.chroma <= AVCHROMA_LOC_BOTTOM) {
    color.chroma = static_cast<ChromaLocation>(tags.chroma - AVCHROMA_LOC_LEFT);
  } else if (yuvj) {
    color.chroma = ChromaLocation::center;
  }
  return color;
}

ColorTags tags_for(const FrameFormat& format, const ColorTags& source) {
  ColorTags tags = source;
  const ColorDescription meaning =
      describe_color(tags, format.layout, false, format.width, format.height);
  if (format.layout.rgb) {
    tags.matrix = AVCOL_SPC_RGB;
    tags.range = AVCOL_RANGE_JPEG;
    tags.chroma = AVCHROMA_LOC_UNSPECIFIED;
    return tags;
  }
  if (tags.matrix == AVCOL_SPC_RGB || meaning.matrix != format.color.matrix) {
    tags.matrix = tag_of(format.color.matrix);
  }
  if (meaning.range != format.color.range) {
    tags.range = format.color.range == Range::full ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  }
  if (!subsampled(format.layout)) {
    tags.chroma = AVCHROMA_LOC_UNSPECIFIED;
  } else if (meaning.chroma != format.color.chroma) {
    tags.chroma = static_cast<AVChromaLocation>(static_cast<int>(format.color.chroma) +
                                                static_cast<int>(AVCHROMA_LOC_LEFT));
  }
  return tags;
}

void apply_tags(const ColorTags& tags, AVFrame& frame) {
  frame.color_range = tags.range;
  frame.color_primaries = tags.primaries;
  frame.color_trc = tags.transfer;
  frame.colorspace = tags.matrix;
  frame.chroma_location = tags.chroma;
}

void apply_tags(const ColorTags& tags, AVCodecContext& context) {
  context.color_range = tags.range;
  context.color_primaries = tags.primaries;
  context.color_trc = tags.transfer;
  context.colorspace = tags.matrix;
  context.chroma_sample_location = tags.chroma;
}

}  // namespace impasto::video
