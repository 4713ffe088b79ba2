// Owns: FFmpeg's libraries of devices and filters. They bring fifty more along, a third of the time
// from the program's start to main, and few runs need them: so they are loaded when asked for.
// Internal to engine/video.
// Depends on: the headers of libavdevice and libavfilter; the program is not linked with them. To
// call another of their functions: a line in a struct here and one in late_libav.cpp.
#pragma once

extern "C" {
#include <libavdevice/avdevice.h>
#include <libavfilter/avfilter.h>
#include <libavfilter/buffersink.h>
#include <libavfilter/buffersrc.h>
}

namespace impasto::video {

/// libavfilter's functions, by their names without "avfilter_".
struct FilterFunctions {
  decltype(&avfilter_graph_alloc) graph_alloc;
  decltype(&avfilter_graph_free) graph_free;
  decltype(&avfilter_graph_create_filter) graph_create_filter;
  decltype(&avfilter_graph_config) graph_config;
  decltype(&avfilter_get_by_name) get_by_name;
  decltype(&avfilter_link) link;
  decltype(&av_buffersrc_add_frame) buffersrc_add_frame;
  decltype(&av_buffersink_get_frame) buffersink_get_frame;
  decltype(&av_buffersink_get_time_base) buffersink_get_time_base;
  decltype(&av_buffersink_set_frame_size) buffersink_set_frame_size;
};

/// Both: thread-safe; load their library at the first call. Throw Error{input} where it is missing.
const FilterFunctions& filter_functions();
/// Makes libavdevice's inputs known to av_find_input_format().
void register_devices();

}  // namespace impasto::video
