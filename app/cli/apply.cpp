#include "app/cli/apply.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <exception>
#include <optional>
#include <thread>

#include "app/cli/progress.h"
#include "app/cli/signals.h"
#include "engine/base/log.h"
#include "engine/base/queue.h"
#include "engine/stylizer_team.h"

namespace impasto::app {
namespace {

// Decoded frames that wait for the device, finished ones that wait for the encoder.
constexpr std::size_t waiting_frames = 3;

using FrameQueue = BoundedQueue<video::Frame>;

/// A thread whose exception is kept for the thread that joins it.
class Worker {
 public:
  template <class Work>
  explicit Worker(Work work)
      : thread_([this, work] {
          try {
            work();
          } catch (...) {
            failure_ = std::current_exception();
          }
        }) {}
  ~Worker() {
    if (thread_.joinable()) thread_.join();
  }
  void join() {
    thread_.join();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  std::exception_ptr failure_;
  std::thread thread_;
};

void read_frames(video::Source& source, FrameQueue& decoded) {
  const bool live = source.info().is_live;
  while (std::optional<video::Frame> frame = source.read()) {
    if (live) {
      decoded.push_dropping_oldest(std::move(*frame));
    } else if (!decoded.push(std::move(*frame))) {
      break;
    }
  }
}

void write_frames(video::Sink& sink, FrameQueue& finished, std::atomic<std::int64_t>& written) {
  while (std::optional<video::Frame> frame = finished.pop()) {
    sink.write(*frame);
    ++written;
  }
}

/// The look of a frame by its time since the first one.
class LookClock {
 public:
  LookClock(LookTrack track, double time_base) : track_(std::move(track)), time_base_(time_base) {}
  net::Look look_at(std::int64_t pts) {
    if (!first_) first_ = pts;
    return track_.at(static_cast<double>(pts - *first_) * time_base_);
  }

 private:
  LookTrack track_;
  double time_base_;
  std::optional<std::int64_t> first_;
};

void stylize_frames(StylizerTeam& stylizer, LookClock& clock, const video::Sink& sink,
                    FrameQueue& decoded, FrameQueue& finished, Progress& progress,
                    const std::atomic<std::int64_t>& written) {
  const auto pass_on = [&] {
    std::optional<video::Frame> frame = stylizer.receive();
    progress.show(written);
    return frame && finished.push(std::move(*frame));
  };
  while (std::optional<video::Frame> frame = decoded.pop()) {
    while (stylizer.full()) {
      if (!pass_on()) return;
    }
    stylizer.set_look(clock.look_at(frame->pts));
    stylizer.submit(*frame, sink.frame_format(frame->format));
  }
  while (pass_on()) {
  }
}

/// The three threads; returns when the last frame is written, or throws what one of them threw.
void run_pipeline(StylizerTeam& stylizer, LookClock& clock, video::Source& source,
                  video::Sink& sink, Progress& progress, std::atomic<std::int64_t>& written) {
  FrameQueue decoded(waiting_frames);
  FrameQueue finished(waiting_frames);
  Worker reader([&] {
    try {
      read_frames(source, decoded);
    } catch (...) {
      decoded.close();
      throw;
    }
    decoded.close();
  });
  Worker writer([&] {
    try {
      write_frames(sink, finished, written);
    } catch (...) {
      finished.abort();
      decoded.abort();
      throw;
    }
  });
  std::exception_ptr failure;
  try {
    stylize_frames(stylizer, clock, sink, decoded, finished, progress, written);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) decoded.abort();
  finished.close();
  writer.join();
  if (failure) std::rethrow_exception(failure);
  reader.join();
}

/// Even, in proportion to the source.
void set_output_size(ApplyOptions& options, const video::FrameFormat& source) {
  if (options.out_height == 0) return;
  const auto even = [](double size) {
    return std::max(2, static_cast<int>(std::lround(size / 2)) * 2);
  };
  options.sink.height = even(options.out_height);
  options.sink.width =
      even(static_cast<double>(source.width) * options.sink.height / source.height);
}

void report(const ApplyOptions& options, const StylizerTeam& stylizer, std::int64_t frames,
            double seconds) {
  if (options.quiet || options.sink.output == "-") return;
  char text[64];
  std::snprintf(text, sizeof text, " in %s (%.1f fps)", as_clock(seconds).c_str(),
                seconds > 0 ? static_cast<double>(frames) / seconds : 0.0);
  log::info(options.sink.output + ": " + std::to_string(frames) +
            (frames == 1 ? " frame" : " frames") + text + " on " + stylizer.stats().device);
}

void suggest_finer_pack(const ModelChoice& choice, const gpu::DeviceInfo& device) {
  const std::string pack = finer_pack(choice, device.type);
  if (pack.empty()) return;
  log::info(device.name + " is fast enough for the larger network of the same styles: --pack " +
            pack);
}

}  // namespace

ExitCode apply(ApplyOptions options) {
  ChosenLooks looks = choose_looks(options.looks);
  for (const std::string& remark : looks.remarks) log::warning(remark);
  options.stylizer.layer_edits = looks.layer_edits;
  options.source.copy_streams = true;
  options.source.cancel = &stop_requested();
  const std::unique_ptr<video::Source> source = video::open_source(options.source);
  set_output_size(options, source->info().format);

  const bool one_frame = source->info().frame_count == 1 || options.source.frame_limit == 1;
  StylizerTeam stylizer(std::move(looks.model), options.stylizer, one_frame ? 1 : options.parallel);
  suggest_finer_pack(looks.choice, stylizer.device());
  LookClock clock(std::move(looks.track), source->info().time_base.value());
  const std::unique_ptr<video::Sink> sink = video::open_sink(options.sink, *source);
  std::atomic<std::int64_t> written = 0;
  try {
    const video::FrameFormat& format = source->info().format;
    stylizer.prepare(format, sink->frame_format(format));
    Progress progress(source->info().frame_count, options.quiet);
    run_pipeline(stylizer, clock, *source, *sink, progress, written);
    ExitCode outcome = stop_outcome();
    if (outcome == ExitCode::ok && source->damaged()) outcome = ExitCode::partial;
    sink->finish(outcome);
    report(options, stylizer, written, progress.seconds());
    return outcome;
  } catch (const Error& error) {
    sink->finish(error.code());
    throw;
  }
}

}  // namespace impasto::app
