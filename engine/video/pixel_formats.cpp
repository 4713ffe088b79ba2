#include "engine/video/pixel_formats.h"

#include <algorithm>
#include <cassert>
#include <string>

extern "C" {
#include <libavutil/pixdesc.h>
}

namespace impasto::video {
namespace {

// Formats that FFmpeg's description does not describe fully: 4:1:1 packed has luma at no fixed
// step, XYZ is neither RGB nor YUV.
bool is_special(std::string_view name) {
  return name == "uyyvyy411" || name.starts_with("xyz12") || name.starts_with("bayer_");
}

bool describe(const AVComponentDescriptor& source, bool big_endian, Component& target) {
  target = {source.plane, source.offset, source.step, source.shift, source.depth};
  if (source.depth < 8 || source.depth > 16 || source.offset < 0) return false;
  const int word = source.depth + source.shift > 8 ? 2 : 1;
  if (source.depth + source.shift > 8 * word) return false;
  if (word == 2 && (big_endian || source.offset % 2 != 0 || source.step % 2 != 0)) return false;
  return word == 2 || source.depth == 8;
}

std::optional<PixelLayout> describe(const AVPixFmtDescriptor& source) {
  constexpr std::uint64_t unsupported = AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM |
                                        AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_BAYER |
                                        AV_PIX_FMT_FLAG_FLOAT;
  if ((source.flags & unsupported) != 0 || source.nb_components == 0) return std::nullopt;
  if (is_special(source.name)) return std::nullopt;
  PixelLayout layout;
  layout.name = source.name;
  layout.rgb = (source.flags & AV_PIX_FMT_FLAG_RGB) != 0;
  layout.component_count = source.nb_components;
  layout.log2_chroma_width = source.log2_chroma_w;
  layout.log2_chroma_height = source.log2_chroma_h;
  layout.plane_count = 0;
  for (int i = 0; i < source.nb_components; ++i) {
    Component& component = layout.components[i];
    if (!describe(source.comp[i], (source.flags & AV_PIX_FMT_FLAG_BE) != 0, component)) {
      return std::nullopt;
    }
    layout.plane_count = std::max(layout.plane_count, component.plane + 1);
  }
  return layout;
}

}  // namespace

std::optional<PixelLayout> find_layout(std::string_view name) {
  std::string plain(name);
  if (plain.starts_with("yuvj")) plain.erase(3, 1);
  const AVPixelFormat format = av_get_pix_fmt(plain.c_str());
  const AVPixFmtDescriptor* source = av_pix_fmt_desc_get(format);
  if (source == nullptr) return std::nullopt;
  return describe(*source);
}

std::vector<PixelLayout> all_layouts() {
  std::vector<PixelLayout> layouts;
  const AVPixFmtDescriptor* source = nullptr;
  while ((source = av_pix_fmt_desc_next(source)) != nullptr) {
    if (std::string_view(source->name).starts_with("yuvj")) continue;
    if (auto layout = describe(*source)) layouts.push_back(*std::move(layout));
  }
  return layouts;
}

PixelLayout nearest_layout(std::string_view name) {
  if (auto layout = find_layout(name)) return *std::move(layout);
  const AVPixelFormat source = av_get_pix_fmt(std::string(name).c_str());
  if (const AVPixFmtDescriptor* d = av_pix_fmt_desc_get(source)) {
    // The same format with the other byte order loses nothing.
    const AVPixelFormat twin = av_pix_fmt_swap_endianness(source);
    if (twin != AV_PIX_FMT_NONE) {
      if (auto layout = find_layout(av_get_pix_fmt_name(twin))) return *std::move(layout);
    }
    if ((d->flags & AV_PIX_FMT_FLAG_PAL) != 0) return *find_layout("bgra");
    if ((d->flags & AV_PIX_FMT_FLAG_BAYER) != 0) {
      return *find_layout(d->comp[1].depth > 4 ? "rgb48le" : "rgb24");
    }
  }
  AVPixelFormat best = AV_PIX_FMT_NONE;
  for (const char* candidate :
       {"gray", "gray16le", "ya8", "rgb24", "bgra", "rgb48le", "rgba64le", "gbrp16le", "gbrap16le",
        "yuv411p", "yuv420p", "yuv422p", "yuv444p", "yuv444p16le", "yuva444p16le"}) {
    best = av_find_best_pix_fmt_of_2(best, av_get_pix_fmt(candidate), source, 1, nullptr);
  }
  assert(best != AV_PIX_FMT_NONE);
  return *find_layout(av_get_pix_fmt_name(best));
}

}  // namespace impasto::video
