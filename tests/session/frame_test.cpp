// Ingest and emit on the device against frame_reference.h: pixel formats x colour x sizes x
// storage. To add a case: a line in colors(), sizes() or layouts().
#include <cmath>
#include <memory>
#include <random>

#include "engine/base/half.h"
#include "engine/graph/finish.h"
#include "engine/graph/frame_layout.h"
#include "engine/graph/frame_passes.h"
#include "engine/graph/lower.h"
#include "engine/video/pixel_formats.h"
#include "tests/session/rig.h"
#include "tests/support/accuracy.h"
#include "tests/support/frame_reference.h"

namespace impasto::test {
namespace {

using video::ChromaLocation;
using video::FrameFormat;
using video::Matrix;
using video::Range;
using video::Transfer;

struct Case {
  FrameFormat source;
  FrameFormat output;
  int network_height = 0;
  int multiple = 1;
  int minimum = 1;
  net::ValueRange range{0, 255};
  int result_channels = 3;
};

FrameFormat make_format(std::string_view layout, int width, int height,
                        video::ColorDescription color = {}) {
  FrameFormat format{width, height, *video::find_layout(layout), color};
  if (format.layout.rgb) {
    format.color.matrix = Matrix::identity;
    format.color.range = Range::full;
  }
  return format;
}

Case same_format(const FrameFormat& format) {
  return {format, format};
}

std::string text(const FrameFormat& format) {
  const video::ColorDescription& color = format.color;
  return format.layout.name + " " + std::to_string(format.width) + "x" +
         std::to_string(format.height) + " matrix " +
         std::to_string(static_cast<int>(color.matrix)) + " range " +
         std::to_string(static_cast<int>(color.range)) + " transfer " +
         std::to_string(static_cast<int>(color.transfer)) + " chroma " +
         std::to_string(static_cast<int>(color.chroma));
}

std::string text(const Case& test, const graph::CompileOptions& options) {
  return text(test.source) + " to " + text(test.output) + ", height " +
         std::to_string(test.network_height) + ", multiple " + std::to_string(test.multiple) +
         ", range " + std::to_string(test.range.low) + ".." + std::to_string(test.range.high) +
         ", " + describe(options);
}

bool is_half(const graph::CompileOptions& options) {
  return options.precision == graph::Precision::fp16_everywhere;
}

std::vector<graph::CompileOptions> variants() {
  std::vector<graph::CompileOptions> result;
  for (const graph::Precision precision :
       {graph::Precision::fp32, graph::Precision::fp16_everywhere}) {
    for (const bool texel : {true, false}) {
      graph::CompileOptions options = options_for_tests();
      options.precision = precision;
      options.texel_reads = texel;
      result.push_back(options);
    }
  }
  return result;
}

graph::FrameGeometry geometry_of(const Case& test) {
  return graph::plan_geometry(test.source, test.network_height, test.multiple, test.minimum);
}

void run(session::Executor& executor, const video::Frame& frame, const graph::LiveValues& live) {
  // What lies between rows and planes must not matter.
  std::ranges::fill(executor.frame_in(0), std::byte{0xa5});
  graph::pack_frame(frame, graph::plan_layout(frame.format), executor.frame_in(0));
  session::write_parameters(executor.graph(), live, {}, executor.parameters(0));
  executor.fill_arena(guard_word);
  executor.submit(0);
  ASSERT_TRUE(executor.wait(0));
  device().wait_idle();  // as run_network does
}

void check_ingest(const Case& test, const graph::CompileOptions& options) {
  SCOPED_TRACE("ingest " + text(test, options));
  const graph::FrameGeometry geometry = geometry_of(test);
  graph::Draft draft(options);
  graph::lower_ingest(draft, test.source, geometry, test.range);
  session::Executor executor(device(), kernels(), graph::finish(draft));
  const video::Frame frame = random_frame(test.source, 1).frame;
  run(executor, frame, {});
  EXPECT_EQ(check_guards(executor), "");

  const graph::Range& range = executor.graph().passes[0].bindings[1].range;
  const std::vector<std::byte> arena = executor.read_arena(range.block);
  const net::Tensor result =
      unpack({"", 3, geometry.network_height, geometry.network_width},
             std::span(arena).subspan(range.offset, range.size), is_half(options));
  const ColorPicture picture =
      reference_pad(reference_ingest(frame, geometry.content_height, geometry.content_width),
                    geometry.network_height, geometry.network_width);
  const double span = static_cast<double>(test.range.high) - test.range.low;
  net::Tensor reference(3, geometry.network_height, geometry.network_width);
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    for (int c = 0; c < 3; ++c) {
      reference.row(c, 0)[i] =
          test.range.low + span * picture.pixels[i][static_cast<std::size_t>(c)];
    }
  }
  EXPECT_TRUE(compare(reference, result, [&](std::size_t, double value) {
    const double storage = is_half(options) ? 0x1p-11 * std::abs(value) + 0x1p-25 : 0;
    return storage + 0x1p-20 * span;
  }));
}

/// A network's result: some of it outside of the range, and not the frame's content.
net::Constant random_result(const Case& test, const graph::FrameGeometry& geometry, bool half) {
  std::vector<float> values(static_cast<std::size_t>(test.result_channels) *
                            geometry.network_height * geometry.network_width);
  std::mt19937 random(7);
  const float span = test.range.high - test.range.low;
  for (float& value : values) {
    value = test.range.low + span * (static_cast<float>(random() % 4096) / 2925 - 0.2F);
    if (half) value = round_to_half(value);
  }
  return {std::make_shared<const std::vector<float>>(std::move(values))};
}

ColorPicture content_of(const net::Constant& result, const Case& test,
                        const graph::FrameGeometry& geometry) {
  ColorPicture picture(geometry.content_height, geometry.content_width);
  const double span = static_cast<double>(test.range.high) - test.range.low;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < picture.height; ++y) {
      for (int x = 0; x < picture.width; ++x) {
        const int row = (test.result_channels == 1 ? 0 : c) * geometry.network_height + y;
        const double value =
            (*result.data)[static_cast<std::size_t>(row * geometry.network_width + x)];
        picture.at(y, x)[static_cast<std::size_t>(c)] =
            std::clamp((value - test.range.low) / span, 0.0, 1.0);
      }
    }
  }
  return picture;
}

/// Furthest that rounding in the kernels may move a code, as part of the largest code.
double code_tolerance(const Case& test, const graph::CompileOptions& options) {
  const graph::FrameGeometry geometry = geometry_of(test);
  const bool rescaled =
      geometry.content_height != test.output.height || geometry.content_width != test.output.width;
  const double steepest = test.output.color.transfer == Transfer::pq ? 6.6 : 1;
  return steepest * (0x1p-20 + (rescaled && is_half(options) ? 0x1p-11 : 0));
}

/// `rounding`: of the codes; `tolerance`: part of the largest code.
void check_codes(const video::Frame& result, const std::vector<double>& reference, double rounding,
                 double tolerance) {
  std::size_t index = 0;
  std::size_t wrong = 0;
  std::string first;
  for_each_sample(result.format, [&](int c, int y, int x) {
    const int depth = result.format.layout.components[static_cast<std::size_t>(c)].depth;
    const int code = read_code(result, c, y, x);
    const double expected = reference[index++];
    if (std::abs(code - expected) <= rounding + tolerance * ((1 << depth) - 1)) return;
    if (wrong++ > 0) return;
    first = "component " + std::to_string(c) + " [" + std::to_string(y) + "][" + std::to_string(x) +
            "] is " + std::to_string(code) + ", not " + std::to_string(expected);
  });
  EXPECT_EQ(wrong, 0U) << "of " << index << " codes; " << first;
}

void check_emit(const Case& test, const graph::CompileOptions& options,
                const std::vector<graph::LiveValues>& live_values) {
  SCOPED_TRACE("emit " + text(test, options));
  const graph::FrameGeometry geometry = geometry_of(test);
  const net::Constant result = random_result(test, geometry, is_half(options));
  graph::Draft draft(options);
  const graph::TensorRef tensor =
      graph::lower_constant(draft, "result", result, test.result_channels, geometry.network_height,
                            geometry.network_width);
  graph::lower_emit(draft, tensor, test.source, test.output, geometry, test.range);
  session::Executor executor(device(), kernels(), graph::finish(draft));
  const video::Frame frame = random_frame(test.source, 2).frame;
  const ColorPicture picture = content_of(result, test, geometry);
  for (const graph::LiveValues& live : live_values) {
    SCOPED_TRACE("strength " + std::to_string(live.strength) + ", keep_colors " +
                 std::to_string(live.keep_colors));
    run(executor, frame, live);
    const video::WritableFrame output = video::allocate_frame(test.output);
    graph::unpack_frame(executor.frame_out(0), graph::plan_layout(test.output), output);
    const bool exact = live.strength == 0 && test.source == test.output;
    check_codes(output.frame,
                reference_emit(picture, frame, test.output, live.strength, live.keep_colors),
                exact ? 0 : 0.5, exact ? 0 : code_tolerance(test, options));
    EXPECT_EQ(check_guards(executor), "");
  }
}

const std::vector<graph::LiveValues> all_live_values = {{1, 0}, {0, 0}, {0.37F, 0.6F}, {1, 1}};

void check(const Case& test, const graph::CompileOptions& options = options_for_tests(),
           const std::vector<graph::LiveValues>& live_values = all_live_values) {
  check_ingest(test, options);
  check_emit(test, options, live_values);
}

/// Planar, semi-planar and packed; every subsampling and width of sample.
const char* const layouts[] = {
    "nv12",  "yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "p010le",   "gray",    "gray10le",
    "rgb24", "rgba",    "bgra",    "yuyv422", "yuva420p",    "gbrp10le", "rgb48le", "ya8"};

TEST(Frames, storage_and_reads) {
  for (const char* layout : layouts) {
    for (const graph::CompileOptions& options : variants()) {
      check(same_format(make_format(layout, 21, 13)), options);
    }
  }
}

// The blend at 0 gives back every layout that there is, bit for bit.
TEST(Frames, every_layout) {
  for (const video::PixelLayout& layout : video::all_layouts()) {
    const Case test = same_format(make_format(layout.name, 19, 11));
    check(test, options_for_tests(), {{0, 0}, {0.8F, 0.3F}});
  }
}

TEST(Frames, colors) {
  for (const char* layout : {"yuv420p", "yuv444p", "yuv420p10le", "nv12", "gray", "gbrp"}) {
    for (const Matrix matrix : {Matrix::bt601, Matrix::bt709, Matrix::bt2020}) {
      for (const Range range : {Range::limited, Range::full}) {
        for (const Transfer transfer : {Transfer::gamma, Transfer::pq, Transfer::hlg}) {
          check(same_format(make_format(layout, 18, 9, {matrix, range, transfer})));
        }
      }
    }
  }
  check(same_format(make_format("yuv444p", 18, 9, {Matrix::identity, Range::full})));
}

TEST(Frames, chroma_locations) {
  for (const ChromaLocation location :
       {ChromaLocation::left, ChromaLocation::center, ChromaLocation::top_left, ChromaLocation::top,
        ChromaLocation::bottom_left, ChromaLocation::bottom}) {
    for (const char* layout : {"yuv420p", "yuv422p", "yuv411p", "yuv410p", "yuv440p", "p010le"}) {
      Case test = same_format(make_format(layout, 23, 17));
      test.source.color.chroma = test.output.color.chroma = location;
      check(test);
      test.network_height = 9;
      check(test);
    }
  }
}

TEST(Frames, network_sizes) {
  for (const graph::CompileOptions& options : variants()) {
    for (const char* layout : {"yuv420p", "p010le", "rgb24"}) {
      for (const int height : {1, 5, 8, 16, 17, 33, 64}) {
        Case test = same_format(make_format(layout, 27, 16));
        test.network_height = height;
        test.multiple = 8;
        test.minimum = 16;
        check(test, options, {{1, 0}, {0.5F, 0.5F}});
      }
    }
  }
}

TEST(Frames, odd_sizes) {
  const int sizes[][2] = {{1, 1}, {2, 1}, {1, 5}, {3, 2}, {5, 3}, {16, 16}, {33, 17}, {131, 67}};
  for (const auto& [width, height] : sizes) {
    for (const char* layout : {"yuv420p", "nv12", "yuv420p10le", "rgb24", "yuv422p"}) {
      Case test = same_format(make_format(layout, width, height));
      test.multiple = 4;
      test.minimum = 16;
      check(test);
    }
  }
}

// Rows of whole quads have a way of their own through ingest (lib/gather_aligned.glsl).
TEST(Frames, rows_of_whole_quads) {
  for (const char* layout : {"yuv420p", "nv12", "nv21", "yuv422p", "nv16", "yuv444p", "yuv420p10le",
                             "p010le", "yuva420p", "yuv411p", "yuv440p", "gray"}) {
    for (const ChromaLocation location :
         {ChromaLocation::left, ChromaLocation::center, ChromaLocation::top_left}) {
      for (const int width : {4, 8, 20, 24}) {
        Case test = same_format(make_format(layout, width, 7));
        test.source.color.chroma = test.output.color.chroma = location;
        check_ingest(test, options_for_tests());
      }
    }
  }
  for (const graph::CompileOptions& options : variants()) {
    for (const char* layout : {"yuv420p", "nv12", "p010le"}) {
      Case test = same_format(make_format(layout, 28, 10));
      test.multiple = 4;  // rows past the content
      check_ingest(test, options);
    }
  }
}

TEST(Frames, value_ranges) {
  for (const graph::CompileOptions& options : variants()) {
    for (const net::ValueRange range : {net::ValueRange{0, 1}, net::ValueRange{-1, 1}}) {
      Case test = same_format(make_format("yuv420p", 20, 12));
      test.range = range;
      check(test, options);
    }
  }
}

TEST(Frames, gray_results) {
  for (const graph::CompileOptions& options : variants()) {
    for (const char* layout : {"yuv420p", "rgb24"}) {
      Case test = same_format(make_format(layout, 20, 12));
      test.result_channels = 1;
      check_emit(test, options, all_live_values);
      test.network_height = 7;
      check_emit(test, options, all_live_values);
    }
  }
}

TEST(Frames, outputs_of_other_formats_and_sizes) {
  const video::ColorDescription jpeg{Matrix::bt601, Range::full, Transfer::gamma,
                                     ChromaLocation::center};
  const video::ColorDescription hdr{Matrix::bt2020, Range::limited, Transfer::pq};
  const std::pair<FrameFormat, FrameFormat> pairs[] = {
      {make_format("rgb24", 21, 14), make_format("yuv420p", 21, 14, jpeg)},
      {make_format("yuv420p", 21, 14), make_format("rgb24", 21, 14)},
      {make_format("gray", 21, 14), make_format("yuv420p", 21, 14)},
      {make_format("yuv420p", 21, 14), make_format("gray", 21, 14)},
      {make_format("rgba", 21, 14), make_format("yuva420p", 42, 28)},
      {make_format("rgb24", 21, 14), make_format("rgba64le", 30, 20)},
      {make_format("yuv420p", 40, 24), make_format("yuv420p", 20, 12)},
      {make_format("yuv420p", 20, 12), make_format("yuv444p", 33, 20)},
      {make_format("yuv422p10le", 33, 19, hdr), make_format("yuv420p10le", 16, 10, hdr)},
      {make_format("nv12", 24, 16), make_format("yuv444p16le", 24, 16)},
  };
  for (const auto& [source, output] : pairs) {
    for (const int height : {0, 10, 30}) {
      Case test{source, output};
      test.network_height = height;
      check(test);
    }
  }
}

/// How many samples of `frame` change on the way into the network's domain and back.
int changed_samples(const video::Frame& frame, const graph::CompileOptions& options,
                    float strength) {
  const FrameFormat& format = frame.format;
  graph::Draft draft(options);
  const graph::FrameGeometry geometry = graph::plan_geometry(format, 0, 1, 1);
  const graph::TensorRef tensor = graph::lower_ingest(draft, format, geometry, {0, 255});
  graph::lower_emit(draft, tensor, format, format, geometry, {0, 255});
  session::Executor executor(device(), kernels(), graph::finish(draft));
  run(executor, frame, {strength, 0});
  const video::WritableFrame result = video::allocate_frame(format);
  graph::unpack_frame(executor.frame_out(0), graph::plan_layout(format), result);
  int changed = 0;
  for_each_sample(format, [&](int c, int y, int x) {
    changed += read_code(result.frame, c, y, x) != read_code(frame, c, y, x) ? 1 : 0;
  });
  return changed;
}

TEST(Frames, of_3840x2160) {
  graph::CompileOptions options = options_for_tests();
  options.texel_reads = options.device.max_texel_elements >= 3840 * 2160;
  EXPECT_EQ(changed_samples(random_frame(make_format("rgb24", 3840, 2160), 1).frame, options, 1),
            0);
  EXPECT_EQ(changed_samples(random_frame(make_format("p010le", 3840, 2160), 2).frame, options, 0),
            0);
}

// Every code of a ramp comes back through the network's domain: nothing is cut off, so no bands.
TEST(Frames, ramps_do_not_band) {
  for (const graph::CompileOptions& options : variants()) {
    for (const char* layout : {"yuv444p", "yuv420p10le", "gray", "rgb24", "gbrp10le"}) {
      for (const Range range : {Range::limited, Range::full}) {
        SCOPED_TRACE(std::string(layout) + ", " + describe(options));
        const FrameFormat format = make_format(layout, 1024, 2, {Matrix::bt709, range});
        const int depth = format.layout.components[0].depth;
        const bool limited = format.color.range == Range::limited;
        const int lowest = limited ? 16 << (depth - 8) : 0;
        const int codes = limited ? (219 << (depth - 8)) + 1 : 1 << depth;
        const video::WritableFrame frame = video::allocate_frame(format);
        for_each_sample(format, [&](int c, int y, int x) {
          write_code(frame, c, y, x,
                     chroma_grid(format, c) ? 1 << (depth - 1) : lowest + x * codes / 1024);
        });
        EXPECT_EQ(changed_samples(frame.frame, options, 1), 0);
      }
    }
  }
}

}  // namespace
}  // namespace impasto::test
