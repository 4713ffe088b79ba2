#include "engine/video/encoder_choice.h"

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <array>
#include <cstring>

#include "engine/base/cores.h"
#include "engine/base/error.h"
#include "engine/video/color.h"
#include "engine/video/pixel_formats.h"

namespace impasto::video {
namespace {

/// Encoders by container; a container that is not here gets FFmpeg's own default.
struct ContainerRow {
  const char* container;
  const char* encoder;
  const char* hdr_encoder;
};
constexpr std::array container_rows{
    ContainerRow{"mp4", "libx264", "libx265"},      ContainerRow{"mov", "libx264", "libx265"},
    ContainerRow{"matroska", "libx264", "libx265"}, ContainerRow{"mpegts", "libx264", "libx265"},
    ContainerRow{"flv", "libx264", nullptr},        ContainerRow{"avi", "libx264", nullptr},
    ContainerRow{"webm", "libvpx-vp9", nullptr},    ContainerRow{"ipod", "libx264", nullptr},
    ContainerRow{"nut", "ffv1", nullptr},
};

/// Quality by encoder: visually near the source at a sensible size. x264's veryfast at 16.5 keeps
/// what medium at 18 does (40 dB of painted pictures, files 13 % larger) in half the time, which a
/// CPU driver wants for the picture and a GPU waits for.
struct QualityRow {
  const char* encoder;
  std::vector<std::pair<std::string, std::string>> options;
};
const std::vector<QualityRow>& quality_rows() {
  static const std::vector<QualityRow> rows{
      {"libx264", {{"crf", "16.5"}, {"preset", "veryfast"}}},
      {"libx264rgb", {{"crf", "16.5"}, {"preset", "veryfast"}}},
      {"libx265", {{"crf", "20"}, {"preset", "medium"}, {"x265-params", "log-level=error"}}},
      {"libvpx-vp9",
       {{"crf", "24"}, {"b", "0"}, {"deadline", "good"}, {"cpu-used", "4"}, {"row-mt", "1"}}},
      {"libvpx", {{"crf", "10"}, {"b", "8M"}, {"deadline", "good"}, {"cpu-used", "4"}}},
      {"libaom-av1", {{"crf", "26"}, {"cpu-used", "6"}, {"row-mt", "1"}}},
      {"libsvtav1", {{"crf", "26"}, {"preset", "8"}}},
      {"prores_ks", {{"profile", "hq"}}},
      {"libwebp", {{"quality", "92"}}},
      {"tiff", {{"compression_algo", "deflate"}}},
  };
  return rows;
}

bool in(AVCodecID id, std::initializer_list<AVCodecID> list) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

/// Codecs without free time stamps: their headers hold a frame rate.
bool needs_constant_rate(AVCodecID id) {
  return in(id, {AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4,
                 AV_CODEC_ID_H263, AV_CODEC_ID_H263P, AV_CODEC_ID_THEORA, AV_CODEC_ID_DVVIDEO,
                 AV_CODEC_ID_MSMPEG4V2, AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_WRAPPED_AVFRAME});
}

/// Containers that number frames instead of timing them (FFmpeg's own flag says this of MP4 too).
bool holds_no_times(const AVOutputFormat& container) {
  const std::string_view name = container.name;
  for (const char* other : {"avi", "yuv4mpegpipe", "mpeg", "dvd", "vob", "svcd", "vcd", "gxf",
                            "mxf", "mxf_d10", "swf", "dv"}) {
    if (name == other) return true;
  }
  return (container.flags & AVFMT_NOTIMESTAMPS) != 0;
}

const AVCodec* find_encoder(const std::string& name) {
  if (const AVCodec* codec = avcodec_find_encoder_by_name(name.c_str())) return codec;
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get_by_name(name.c_str());
  return descriptor != nullptr ? avcodec_find_encoder(descriptor->id) : nullptr;
}

const AVCodec* default_encoder(const AVOutputFormat& container, const ColorDescription& color) {
  for (const ContainerRow& row : container_rows) {
    if (std::strcmp(row.container, container.name) != 0) continue;
    if (color.transfer != Transfer::gamma && row.hdr_encoder != nullptr) {
      if (const AVCodec* codec = find_encoder(row.hdr_encoder)) return codec;
    }
    if (const AVCodec* codec = find_encoder(row.encoder)) return codec;
  }
  return avcodec_find_encoder(container.video_codec);
}

/// The layout of an encoder's format, or of the same format with the other byte order.
std::optional<PixelLayout> layout_for(AVPixelFormat format) {
  const char* name = av_get_pix_fmt_name(format);
  if (name == nullptr) return std::nullopt;
  if (auto layout = find_layout(name)) return layout;
  const char* twin = av_get_pix_fmt_name(av_pix_fmt_swap_endianness(format));
  return twin != nullptr ? find_layout(twin) : std::nullopt;
}

std::vector<AVPixelFormat> encoder_formats(const AVCodec& codec) {
  std::vector<AVPixelFormat> formats;
  if (codec.id == AV_CODEC_ID_WRAPPED_AVFRAME) {  // y4m: what its header can name
    for (const char* name :
         {"yuv420p", "yuv422p", "yuv444p", "yuv411p", "yuv420p9le", "yuv422p9le", "yuv444p9le",
          "yuv420p10le", "yuv422p10le", "yuv444p10le", "yuv420p12le", "yuv422p12le", "yuv444p12le",
          "yuv420p16le", "yuv422p16le", "yuv444p16le"}) {
      formats.push_back(av_get_pix_fmt(name));
    }
    return formats;
  }
  const AVPixelFormat* format = codec.pix_fmts;
  if (format == nullptr) {  // takes anything
    for (const PixelLayout& layout : all_layouts()) {
      formats.push_back(av_get_pix_fmt(layout.name.c_str()));
    }
    return formats;
  }
  for (; *format != AV_PIX_FMT_NONE; ++format) {
    if (layout_for(*format)) formats.push_back(*format);
  }
  return formats;
}

int depth_of(const PixelLayout& layout) {
  return layout.components[0].depth;
}

/// The format to look for first.
std::string wanted_format(const FrameFormat& source, const AVCodec& codec) {
  const PixelLayout& layout = source.layout;
  const bool gray = layout.component_count < 3;
  // RGB at 4:4:4 would be exact, but hardly a player shows 4:4:4 of these codecs.
  const bool photographic = in(codec.id, {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_VP8,
                                          AV_CODEC_ID_VP9, AV_CODEC_ID_AV1, AV_CODEC_ID_MPEG4});
  const std::string alpha = layout.has_alpha() ? "a" : "";
  if (photographic && (layout.rgb || gray)) {
    return "yuv" + alpha + "420p" + (depth_of(layout) > 8 ? "10le" : "");
  }
  if (gray)
    return depth_of(layout) > 8 ? (alpha.empty() ? "rgb48le" : "rgba64le")
                                : (alpha.empty() ? "rgb24" : "rgba");
  return layout.name;
}

AVPixelFormat nearest(const std::vector<AVPixelFormat>& formats, const std::string& wanted,
                      bool full_range) {
  const AVPixelFormat source = av_get_pix_fmt(wanted.c_str());
  const bool alpha = (av_pix_fmt_desc_get(source)->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  AVPixelFormat best = AV_PIX_FMT_NONE;
  for (const AVPixelFormat format : formats) {
    const bool yuvj = std::string_view(av_get_pix_fmt_name(format)).starts_with("yuvj");
    const auto layout = layout_for(format);
    // A "yuvj" entry is its plain format at full range; without that it would be mislabelled.
    if (yuvj && !full_range) continue;
    if (layout->component_count < 3) continue;
    if (layout->name == wanted) return format;
    best = best == AV_PIX_FMT_NONE
               ? format
               : av_find_best_pix_fmt_of_2(best, format, source, alpha ? 1 : 0, nullptr);
  }
  return best;
}

std::string full_chroma(const PixelLayout& layout) {
  const int depth = depth_of(layout);
  return std::string("yuv") + (layout.has_alpha() ? "a" : "") + "444p" +
         (depth > 8 ? std::to_string(depth) + "le" : "");
}

bool is_jpeg(const AVCodec& codec) {
  return in(codec.id, {AV_CODEC_ID_MJPEG, AV_CODEC_ID_LJPEG});
}

}  // namespace

void save_memory(EncoderChoice& encoder, int width, int height) {
  constexpr std::int64_t large = std::int64_t{2560} * 1440;
  if (std::int64_t{width} * height <= large ||
      std::string_view(encoder.codec->name).substr(0, 7) != "libx264") {
    return;
  }
  encoder.options.emplace_back("x264-params", "rc-lookahead=3:sync-lookahead=0");
  // Each holds frames of its own; x264 would take half as many again.
  encoder.options.emplace_back("threads", std::to_string(core_count()));
}

EncoderChoice choose_encoder(const SinkOptions& options, const AVOutputFormat& container,
                             const ColorDescription& color) {
  EncoderChoice choice;
  if (options.codec.empty()) {
    choice.codec = default_encoder(container, color);
    if (choice.codec == nullptr) {
      throw Error(ExitCode::usage, options.output + ": " + container.long_name +
                                       " holds no video, or has no encoder here; try .mp4 or .mkv");
    }
  } else {
    choice.codec = find_encoder(options.codec);
    if (choice.codec == nullptr || choice.codec->type != AVMEDIA_TYPE_VIDEO) {
      throw Error(ExitCode::usage,
                  "there is no video encoder " + options.codec + "; `ffmpeg -encoders` lists them");
    }
    if (avformat_query_codec(&container, choice.codec->id, FF_COMPLIANCE_EXPERIMENTAL) == 0) {
      throw Error(ExitCode::usage, options.output + ": " + container.long_name + " cannot hold " +
                                       avcodec_get_name(choice.codec->id));
    }
  }
  for (const QualityRow& row : quality_rows()) {
    if (std::strcmp(row.encoder, choice.codec->name) == 0) choice.options = row.options;
  }
  const AVCodecID id = choice.codec->id;
  if (is_jpeg(*choice.codec)) choice.quantizer = 2.0;
  if (in(id, {AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4, AV_CODEC_ID_H263,
              AV_CODEC_ID_MSMPEG4V2, AV_CODEC_ID_MSMPEG4V3, AV_CODEC_ID_FLV1})) {
    choice.quantizer = 3.0;
  }
  if (id == AV_CODEC_ID_THEORA) choice.quantizer = 8.0;
  choice.constant_rate = holds_no_times(container) || needs_constant_rate(id);
  return choice;
}

PictureChoice choose_picture(const SinkOptions& options, const EncoderChoice& encoder,
                             const FrameFormat& source, int width, int height) {
  const AVCodec& codec = *encoder.codec;
  const std::vector<AVPixelFormat> formats = encoder_formats(codec);
  std::string wanted = wanted_format(source, codec);
  if (!options.pixel_format.empty()) {
    const auto asked = find_layout(options.pixel_format);
    if (!asked) {
      throw Error(ExitCode::usage, "pixel format " + options.pixel_format + " is not known");
    }
    wanted = asked->name;
  }
  const bool full_range = is_jpeg(codec) || source.color.range == Range::full;
  PictureChoice choice;
  choice.pixel_format = nearest(formats, wanted, full_range);
  if (choice.pixel_format == AV_PIX_FMT_NONE) {
    throw Error(ExitCode::usage, std::string("the encoder ") + codec.name +
                                     " takes no pixel format that can be written here");
  }
  PixelLayout layout = *layout_for(choice.pixel_format);
  // Both standards crop in whole chroma samples.
  const bool odd = (width % (1 << layout.log2_chroma_width)) != 0 ||
                   (height % (1 << layout.log2_chroma_height)) != 0;
  if (odd && in(codec.id, {AV_CODEC_ID_H264, AV_CODEC_ID_HEVC})) {
    const std::string even = layout.name;
    choice.pixel_format = nearest(formats, full_chroma(layout), full_range);
    layout = *layout_for(choice.pixel_format);
    choice.note = options.output + " is written as " + layout.name + ": an odd size (" +
                  std::to_string(width) + "x" + std::to_string(height) + ") cannot be " + even +
                  " in " + avcodec_get_name(codec.id);
  }
  if (!options.pixel_format.empty() && layout.name != wanted) {
    throw Error(ExitCode::usage, std::string("the encoder ") + codec.name + " cannot write " +
                                     wanted + " at this size; the nearest is " + layout.name);
  }
  if (source.layout.has_alpha() && !layout.has_alpha()) {
    choice.note = options.output + ": " + codec.name + " has no alpha; transparency is lost";
  }

  FrameFormat& format = choice.format;
  format.width = width;
  format.height = height;
  format.color = source.color;
  const bool from_color = !source.layout.rgb && source.layout.component_count >= 3;
  if (layout.rgb) {
    format.color.matrix = Matrix::identity;
    format.color.range = Range::full;
  } else if (is_jpeg(codec)) {  // JFIF knows one kind of YCbCr
    format.color.matrix = Matrix::bt601;
    format.color.range = Range::full;
    format.color.chroma = ChromaLocation::center;
  } else if (!from_color) {
    format.color.matrix = guess_matrix(width, height);
    format.color.range = Range::limited;
    format.color.chroma = ChromaLocation::left;
  }
  format.layout = std::move(layout);
  return choice;
}

}  // namespace impasto::video
