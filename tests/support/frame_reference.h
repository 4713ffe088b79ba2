// Owns: ingest and emit by definition, in float64 and without any speed: every sample sums over the
// whole row and column of its grid. Also frames with random content.
// Depends on: video/frame.h alone; shares nothing with the engine's passes but the conventions
// written here.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <random>
#include <vector>

#include "engine/video/frame.h"

namespace impasto::test {

using Color = std::array<double, 4>;  // R, G, B, alpha

/// Rows of colours.
struct ColorPicture {
  int height = 0;
  int width = 0;
  std::vector<Color> pixels;
  ColorPicture(int rows, int columns)
      : height(rows), width(columns), pixels(static_cast<std::size_t>(rows * columns)) {}
  Color& at(int y, int x) { return pixels[static_cast<std::size_t>(y * width + x)]; }
  const Color& at(int y, int x) const { return pixels[static_cast<std::size_t>(y * width + x)]; }
};

inline bool chroma_grid(const video::FrameFormat& format, int component) {
  return !format.layout.rgb && format.layout.component_count >= 3 &&
         (component == 1 || component == 2);
}

inline int alpha_component(const video::PixelLayout& layout) {
  return layout.has_alpha() ? layout.component_count - 1 : -1;
}

/// The grid of a component along one axis: cells of `cell` luma samples, the sample's position at
/// `site` luma samples from the cell's first.
struct Axis {
  int count = 0;
  double cell = 1;
  double site = 0;
};

inline Axis horizontal_axis(const video::FrameFormat& format, int component) {
  using enum video::ChromaLocation;
  if (!chroma_grid(format, component)) return {format.width, 1, 0};
  const int cell = 1 << format.layout.log2_chroma_width;
  const auto location = format.color.chroma;
  const bool first = location == left || location == top_left || location == bottom_left;
  return {(format.width + cell - 1) / cell, static_cast<double>(cell),
          first ? 0 : (cell - 1) / 2.0};
}

inline Axis vertical_axis(const video::FrameFormat& format, int component) {
  using enum video::ChromaLocation;
  if (!chroma_grid(format, component)) return {format.height, 1, 0};
  const int cell = 1 << format.layout.log2_chroma_height;
  const auto location = format.color.chroma;
  double site = (cell - 1) / 2.0;
  if (location == top_left || location == top) site = 0;
  if ((location == bottom_left || location == bottom) && cell > 1) site = cell / 2.0;
  return {(format.height + cell - 1) / cell, static_cast<double>(cell), site};
}

inline int read_code(const video::Frame& frame, int component, int y, int x) {
  const auto& layout = frame.format.layout;
  const video::Component& c = layout.components[static_cast<std::size_t>(component)];
  const std::byte* at = frame.planes[static_cast<std::size_t>(c.plane)] +
                        frame.strides[static_cast<std::size_t>(c.plane)] * y + c.offset +
                        static_cast<std::ptrdiff_t>(c.step) * x;
  if (c.depth <= 8) return static_cast<int>(at[0]);
  const int word = static_cast<int>(at[0]) | static_cast<int>(at[1]) << 8;
  return (word >> c.shift) & ((1 << c.depth) - 1);
}

inline void write_code(const video::WritableFrame& frame, int component, int y, int x, int code) {
  const auto& layout = frame.frame.format.layout;
  const video::Component& c = layout.components[static_cast<std::size_t>(component)];
  std::byte* at = frame.planes[static_cast<std::size_t>(c.plane)] +
                  frame.frame.strides[static_cast<std::size_t>(c.plane)] * y + c.offset +
                  static_cast<std::ptrdiff_t>(c.step) * x;
  at[0] = static_cast<std::byte>((code << c.shift) & 255);
  if (c.depth > 8) at[1] = static_cast<std::byte>((code << c.shift) >> 8);
}

/// Calls visit(component, y, x) for every sample.
template <class Visit>
void for_each_sample(const video::FrameFormat& format, Visit visit) {
  for (int c = 0; c < format.layout.component_count; ++c) {
    for (int y = 0; y < vertical_axis(format, c).count; ++y) {
      for (int x = 0; x < horizontal_axis(format, c).count; ++x) visit(c, y, x);
    }
  }
}

/// Samples anywhere in the depth, smooth enough in part that resampling is not all average.
inline video::WritableFrame random_frame(const video::FrameFormat& format, unsigned seed) {
  video::WritableFrame frame = video::allocate_frame(format);
  for (int plane = 0; plane < format.layout.plane_count; ++plane) {
    const auto i = static_cast<std::size_t>(plane);
    std::memset(frame.planes[i], 0,
                static_cast<std::size_t>(frame.frame.strides[i] * format.plane_height(plane)));
  }
  std::mt19937 random(seed);
  for_each_sample(format, [&](int c, int y, int x) {
    const int depth = format.layout.components[static_cast<std::size_t>(c)].depth;
    const double wave = 0.5 + 0.4 * std::sin(0.35 * x + 0.5 * y + 2.1 * c + seed);
    const double noise = static_cast<double>(random() % 1024) / 1024;
    const double value = y % 7 == 3 ? noise : 0.8 * wave + 0.2 * noise;
    write_code(frame, c, y, x, static_cast<int>(value * ((1 << depth) - 1)));
  });
  return frame;
}

// ---- Resampling

/// Length of the part of [from, to] within half a sample of `position`.
inline double covered(double from, double to, int position) {
  return std::max(0.0, std::min(to, position + 0.5) - std::max(from, position - 0.5));
}

/// Weights of the samples of `axis` (over `luma` luma samples) for sample `index` of `count`: area
/// average, or linear interpolation where the grid grows.
inline std::vector<double> area_weights(const Axis& axis, int luma, int index, int count) {
  const double luma_position = (index + 0.5) * luma / count - 0.5;
  const double centre = (luma_position - axis.site) / axis.cell;
  const double half = std::max(1.0, luma / (count * axis.cell)) / 2;
  std::vector<double> weights;
  double total = 0;
  for (int s = 0; s < axis.count; ++s) {
    weights.push_back(covered(centre - half, centre + half, s));
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

/// As area_weights where `size` shrinks to `count`, else Catmull-Rom.
inline std::vector<double> rescale_weights(int size, int index, int count) {
  if (count <= size) return area_weights({size, 1, 0}, size, index, count);
  const double centre = (index + 0.5) * size / count - 0.5;
  std::vector<double> weights;
  double total = 0;
  for (int s = 0; s < size; ++s) {
    const double d = std::abs(s - centre);
    weights.push_back(d < 1   ? 1.5 * d * d * d - 2.5 * d * d + 1
                      : d < 2 ? -0.5 * d * d * d + 2.5 * d * d - 4 * d + 2
                              : 0);
    total += weights.back();
  }
  for (double& weight : weights) weight /= total;
  return weights;
}

// ---- Colour

inline double pq_to_network(double e) {
  return e * (e + 0.05) / (e * e - 0.28 * e + 0.33);
}

/// The inverse by bisection: the map is monotone.
inline double pq_from_network(double c) {
  double low = 0;
  double high = 1;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (pq_to_network(middle) < c ? low : high) = middle;
  }
  return (low + high) / 2;
}

inline std::array<double, 2> red_and_blue(video::Matrix matrix) {
  if (matrix == video::Matrix::bt601) return {0.299, 0.114};
  if (matrix == video::Matrix::bt2020) return {0.2627, 0.0593};
  return {0.2126, 0.0722};
}

/// Codes of the colour components <-> coded R, G, B.
struct ColorModel {
  video::FrameFormat format;

  double unit() const { return 1 << (format.layout.components[0].depth - 8); }
  double maximum() const { return (1 << format.layout.components[0].depth) - 1; }
  bool full() const { return format.color.range == video::Range::full; }
  bool gray() const { return format.layout.component_count < 3; }

  double luma_zero() const { return full() ? 0 : 16 * unit(); }
  double luma_span() const { return full() ? maximum() : 219 * unit(); }
  double chroma_span() const { return full() ? maximum() : 224 * unit(); }

  Color decode(const Color& codes) const {
    Color values{};
    for (std::size_t i = 0; i < 3; ++i) values[i] = (codes[i] - luma_zero()) / luma_span();
    values[3] = codes[3] / maximum();
    if (gray()) return {values[0], values[0], values[0], values[3]};
    if (format.layout.rgb) return values;
    if (format.color.matrix == video::Matrix::identity) {
      return {values[2], values[0], values[1], values[3]};
    }
    const auto [kr, kb] = red_and_blue(format.color.matrix);
    const double cb = (codes[1] - 128 * unit()) / chroma_span();
    const double cr = (codes[2] - 128 * unit()) / chroma_span();
    const double red = values[0] + cr * 2 * (1 - kr);
    const double blue = values[0] + cb * 2 * (1 - kb);
    return {red, (values[0] - kr * red - kb * blue) / (1 - kr - kb), blue, values[3]};
  }

  double luma(const Color& rgb) const {
    const auto [kr, kb] = red_and_blue(format.color.matrix);
    return kr * rgb[0] + (1 - kr - kb) * rgb[1] + kb * rgb[2];
  }

  double encode(const Color& rgb, int component) const {
    if (component == alpha_component(format.layout)) return rgb[3] * maximum();
    double value = 0;
    const auto [kr, kb] = red_and_blue(format.color.matrix);
    if (format.layout.rgb) {
      value = rgb[static_cast<std::size_t>(component)];
    } else if (format.color.matrix == video::Matrix::identity && !gray()) {
      value = component == 0 ? rgb[1] : component == 1 ? rgb[2] : rgb[0];
    } else if (component == 0) {
      value = luma(rgb);
    } else {
      value = component == 1 ? (rgb[2] - luma(rgb)) / 2 / (1 - kb)
                             : (rgb[0] - luma(rgb)) / 2 / (1 - kr);
      return std::clamp(128 * unit() + chroma_span() * value, 0.0, maximum());
    }
    return std::clamp(luma_zero() + luma_span() * value, 0.0, maximum());
  }
};

inline Color map_color(const Color& color, double (*function)(double)) {
  Color result = color;
  for (std::size_t i = 0; i < 3; ++i) {
    result[i] = std::clamp(color[i], 0.0, 1.0);
    if (function != nullptr) result[i] = function(result[i]);
  }
  return result;
}

// ---- Frames

/// The frame at height x width in the networks' domain, 0..1; alpha as it is, 1 without.
inline ColorPicture reference_ingest(const video::Frame& frame, int height, int width) {
  const video::FrameFormat& format = frame.format;
  const ColorModel model{format};
  ColorPicture codes(height, width);
  for (Color& color : codes.pixels) color[3] = model.maximum();
  for (int c = 0; c < format.layout.component_count; ++c) {
    const auto lane = static_cast<std::size_t>(c == alpha_component(format.layout) ? 3 : c);
    const Axis rows = vertical_axis(format, c);
    const Axis columns = horizontal_axis(format, c);
    for (int y = 0; y < height; ++y) {
      const auto row_weights = area_weights(rows, format.height, y, height);
      for (int x = 0; x < width; ++x) {
        const auto column_weights = area_weights(columns, format.width, x, width);
        double sum = 0;
        for (int i = 0; i < rows.count; ++i) {
          if (row_weights[static_cast<std::size_t>(i)] == 0) continue;
          for (int j = 0; j < columns.count; ++j) {
            if (column_weights[static_cast<std::size_t>(j)] == 0) continue;
            sum += row_weights[static_cast<std::size_t>(i)] *
                   column_weights[static_cast<std::size_t>(j)] * read_code(frame, c, i, j);
          }
        }
        codes.at(y, x)[lane] = sum;
      }
    }
  }
  const bool pq = format.color.transfer == video::Transfer::pq;
  for (Color& color : codes.pixels) {
    color = map_color(model.decode(color), pq ? pq_to_network : nullptr);
  }
  return codes;
}

/// Repeated reflection without repeating the edge, by walking.
inline int walk_reflected(int steps, int size) {
  int position = 0;
  int direction = 1;
  for (int i = 0; i < steps && size > 1; ++i) {
    if (position + direction < 0 || position + direction >= size) direction = -direction;
    position += direction;
  }
  return position;
}

inline ColorPicture reference_pad(const ColorPicture& content, int height, int width) {
  ColorPicture result(height, width);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      result.at(y, x) =
          content.at(walk_reflected(y, content.height), walk_reflected(x, content.width));
    }
  }
  return result;
}

inline ColorPicture reference_rescale(const ColorPicture& content, int height, int width) {
  ColorPicture result(height, width);
  for (int y = 0; y < height; ++y) {
    const auto row_weights = rescale_weights(content.height, y, height);
    for (int x = 0; x < width; ++x) {
      const auto column_weights = rescale_weights(content.width, x, width);
      for (int i = 0; i < content.height; ++i) {
        for (int j = 0; j < content.width; ++j) {
          for (std::size_t lane = 0; lane < 3; ++lane) {
            result.at(y, x)[lane] += row_weights[static_cast<std::size_t>(i)] *
                                     column_weights[static_cast<std::size_t>(j)] *
                                     content.at(i, j)[lane];
          }
        }
      }
    }
  }
  return result;
}

/// Codes of every sample of the output before rounding, in the order of for_each_sample. `result`
/// (0..1, the networks' domain) has any size; `keep` is keep_colors.
inline std::vector<double> reference_emit(const ColorPicture& result, const video::Frame& source,
                                          const video::FrameFormat& output, double strength,
                                          double keep) {
  const ColorModel model{output};
  const bool pq = output.color.transfer == video::Transfer::pq;
  const auto curve = pq ? pq_from_network : nullptr;
  ColorPicture picture = result.height == output.height && result.width == output.width
                             ? result
                             : reference_rescale(result, output.height, output.width);
  ColorPicture converted = reference_ingest(source, output.height, output.width);
  const bool colors = output.layout.rgb || output.color.matrix == video::Matrix::identity;
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    Color& color = picture.pixels[i];
    Color& old = converted.pixels[i];
    color = map_color(color, curve);
    old = map_color(old, curve);
    if (colors && !model.gray()) {
      const double change = model.luma(color) - model.luma(old);
      for (std::size_t lane = 0; lane < 3; ++lane) {
        color[lane] += keep * (std::clamp(old[lane] + change, 0.0, 1.0) - color[lane]);
      }
    }
  }
  std::vector<double> codes;
  for_each_sample(output, [&](int c, int y, int x) {
    const Axis rows = vertical_axis(output, c);
    const Axis columns = horizontal_axis(output, c);
    Color new_color{};
    Color old_color{};
    double total = 0;
    for (int i = 0; i < output.height; ++i) {
      const double row = rows.cell * y + rows.site;
      const double row_weight = covered(row - rows.cell / 2, row + rows.cell / 2, i);
      for (int j = 0; j < output.width && row_weight > 0; ++j) {
        const double column = columns.cell * x + columns.site;
        const double weight =
            row_weight * covered(column - columns.cell / 2, column + columns.cell / 2, j);
        for (std::size_t lane = 0; lane < 4; ++lane) {
          new_color[lane] += weight * picture.at(i, j)[lane];
          old_color[lane] += weight * converted.at(i, j)[lane];
        }
        total += weight;
      }
    }
    for (std::size_t lane = 0; lane < 4; ++lane) {
      new_color[lane] /= total;
      old_color[lane] /= total;
    }
    const double old_code = source.format == output
                                ? static_cast<double>(read_code(source, c, y, x))
                                : model.encode(old_color, c);
    double blend = strength;
    if (c == alpha_component(output.layout)) blend = 0;
    if (chroma_grid(output, c) && !colors) blend *= 1 - keep;
    codes.push_back(old_code + blend * (model.encode(new_color, c) - old_code));
  });
  return codes;
}

}  // namespace impasto::test
