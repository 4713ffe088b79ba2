#include "engine/video/late_libav.h"

#include <dlfcn.h>

#include <string>

#include "engine/base/error.h"

namespace impasto::video {
namespace {

// The major version is that of the headers: what it changes is the functions' binary interface.
constexpr const char* filter_library = "libavfilter.so." AV_STRINGIFY(LIBAVFILTER_VERSION_MAJOR);
constexpr const char* device_library = "libavdevice.so." AV_STRINGIFY(LIBAVDEVICE_VERSION_MAJOR);

[[noreturn]] void refuse(const char* file) {
  throw Error(ExitCode::input, std::string("FFmpeg's ") + file + " cannot be loaded (" + dlerror() +
                                   "): install it or the whole of FFmpeg again");
}

class Library {
 public:
  explicit Library(const char* file) : file_(file), handle_(dlopen(file, RTLD_LAZY)) {
    if (handle_ == nullptr) refuse(file);
  }
  template <class Function>
  void find(Function*& function, const char* name) const {
    function = reinterpret_cast<Function*>(dlsym(handle_, name));
    if (function == nullptr) refuse(file_);
  }

 private:
  const char* file_;
  void* handle_;  // never closed: its objects may be in use until the end
};

FilterFunctions load_filters() {
  const Library library(filter_library);
  FilterFunctions all{};
  library.find(all.graph_alloc, "avfilter_graph_alloc");
  library.find(all.graph_free, "avfilter_graph_free");
  library.find(all.graph_create_filter, "avfilter_graph_create_filter");
  library.find(all.graph_config, "avfilter_graph_config");
  library.find(all.get_by_name, "avfilter_get_by_name");
  library.find(all.link, "avfilter_link");
  library.find(all.buffersrc_add_frame, "av_buffersrc_add_frame");
  library.find(all.buffersink_get_frame, "av_buffersink_get_frame");
  library.find(all.buffersink_get_time_base, "av_buffersink_get_time_base");
  library.find(all.buffersink_set_frame_size, "av_buffersink_set_frame_size");
  return all;
}

}  // namespace

const FilterFunctions& filter_functions() {
  static const FilterFunctions functions = load_filters();
  return functions;
}

void register_devices() {
  using RegisterAll = decltype(&avdevice_register_all);
  static const RegisterAll register_all = [] {
    RegisterAll function = nullptr;
    Library(device_library).find(function, "avdevice_register_all");
    return function;
  }();
  register_all();
}

}  // namespace impasto::video
