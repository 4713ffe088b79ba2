#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/video/cameras.h"
#include "engine/video/libav.h"
#include "engine/video/live_player.h"

namespace impasto::video {
namespace {

using std::chrono::microseconds;

// Decoded ahead: enough for the order of decoding to be uneven, little memory for large pictures.
constexpr std::size_t most_frames = 4;
// How far play time may run past the last frame that is there.
constexpr std::int64_t longest_hole = 250'000;
constexpr auto camera_interval = std::chrono::milliseconds(300);

std::int64_t to_microseconds(std::int64_t pts, Rational time_base) {
  return std::llround(static_cast<double>(pts) * time_base.value() * 1e6);
}

std::int64_t clock_microseconds(clockid_t clock) {
  std::timespec time{};
  ::clock_gettime(clock, &time);
  return time.tv_sec * 1'000'000LL + time.tv_nsec / 1000;
}

/// When the picture was taken. Drivers count by the monotonic clock, screens by the time of day;
/// what is neither gets the moment of its arrival.
Instant capture_time(const Frame& frame, Rational time_base, Instant arrival) {
  const auto* picture = static_cast<const AVFrame*>(frame.properties.get());
  if (picture == nullptr || picture->best_effort_timestamp == AV_NOPTS_VALUE) return arrival;
  const std::int64_t taken = to_microseconds(picture->best_effort_timestamp, time_base);
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    const std::int64_t age = clock_microseconds(clock) - taken;
    if (age >= 0 && age < 5'000'000) return arrival - microseconds(age);
  }
  return arrival;
}

std::string describe(const SourceInfo& info) {
  std::string name = std::filesystem::path(info.name).filename().string();
  if (info.is_camera) name = "camera";
  if (info.name == "-") name = "pipe";
  if (info.name.starts_with("lavfi:")) name = "lavfi";
  if (info.name.starts_with("x11grab:")) name = "screen";
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), " %dx%d", info.format.width, info.format.height);
  name += text.data();
  if (info.is_image || info.frame_rate.numerator == 0) return name;
  std::snprintf(text.data(), text.size(), " %.4g", info.frame_rate.value());
  return name + text.data();
}

/// The file can be read a second time from its beginning.
bool is_reopenable(const SourceInfo& info) {
  return info.seekable || info.name.starts_with("lavfi:");
}

}  // namespace

void LiveSource::Implementation::run() {
  for (;;) {
    try {
      play_once();
    } catch (const Error& error) {
      if (camera_.empty()) return fail(error.what());
      wait_for_camera(error.what());
    } catch (const std::exception& failure) {
      return fail(failure.what());
    }
    const std::lock_guard lock(mutex_);
    if (closing_) return;
    interrupt_ = false;
    last_sign_ = clock_.instant();
  }
}

void LiveSource::Implementation::fail(const std::string& message) {
  const std::lock_guard lock(mutex_);
  if (closing_) return;
  status_.state = LiveState::failed;
  status_.problem = LiveProblem::other;
  status_.message = message;
}

void LiveSource::Implementation::play_once() {
  std::unique_ptr<Source> source = open_source(options_.source);
  show(source->info());
  if (!source->info().is_live) return play_file(source);
  play_live(*source);
  source.reset();
  if (!camera_.empty()) return wait_for_camera("");
  std::unique_lock lock(mutex_);
  if (closing_) return;
  read_all_ = true;
  status_.message = options_.source.input + " has ended";
  changed_.wait(lock, [&] { return closing_ || jump_; });
  jump_.reset();
  read_all_ = false;
}

void LiveSource::Implementation::show(const SourceInfo& info) {
  if (info.is_camera) {
    for (const VideoDevice& device : list_cameras()) {
      if (device.path == camera_) camera_bus_ = device.bus;
    }
  }
  const std::lock_guard lock(mutex_);
  status_.state = LiveState::playing;
  status_.problem = LiveProblem::none;
  status_.message.clear();
  status_.description = describe(info);
  status_.is_live = info.is_live;
  status_.is_image = info.is_image;
  status_.seekable = info.seekable;
  can_loop_ = is_reopenable(info) && !info.is_image;
  status_.duration = info.duration_seconds;
  status_.sample_aspect_ratio = info.sample_aspect_ratio;
  status_.rotation = info.rotation;
  status_.frame_rate = info.frame_rate;
}

void LiveSource::Implementation::play_live(Source& source) {
  bool first = true;
  while (std::optional<Frame> frame = source.read()) {
    if (first) clock_.set_limit(PlayClock::unlimited);
    first = false;
    add_live(std::move(*frame), source.info());
  }
}

void LiveSource::Implementation::add_live(Frame frame, const SourceInfo& info) {
  const Instant arrival = clock_.instant();
  LiveFrame live;
  live.captured = capture_time(frame, info.time_base, arrival);
  const std::lock_guard lock(mutex_);
  last_sign_ = arrival;
  rate_.count(arrival, 1);
  if (paused_) return;
  if (last_time_ < options_.begin) {
    // The first one's time is the beginning.
    const auto age = std::chrono::duration_cast<microseconds>(arrival - live.captured);
    clock_.advance_to(options_.begin + age.count());
  }
  last_time_ = std::max(clock_.at(live.captured), last_time_ + 1);
  live.frame = std::move(frame);
  live.frame.duration = to_microseconds(live.frame.duration, info.time_base);
  live.frame.pts = last_time_;
  status_.dropped += frames_.size();
  frames_.clear();
  frames_.push_back(std::move(live));
}

void LiveSource::Implementation::start_sound(const SourceInfo& info) {
  if (!options_.sound || !info.has_audio || !is_reopenable(info)) return;
  {
    const std::lock_guard lock(mutex_);
    track_ = std::make_unique<SoundTrack>(options_.source, clock_, loop_, loop_length_);
    track_->seek(0, offset_);
    track_->set_listener(listener_);
    SoundTrack* track = track_.get();
    output_ = std::make_unique<SoundOutput>(
        [this, track](float* samples, std::size_t count, Instant heard) {
          track->pull(samples, count, heard);
          const float volume = std::clamp(volume_.load(), 0.0F, 1.0F);
          std::for_each(samples, samples + count * sound_channels,
                        [&](float& sample) { sample *= volume; });
        },
        [this] { return clock_.instant(); });
  }
  // So that its beginning is heard; a device that takes long does not hold the picture back.
  std::unique_lock lock(mutex_);
  for (int i = 0; i < 100 && !(track_->ready() && output_->audible()); ++i) {
    if (changed_.wait_for(lock, std::chrono::milliseconds(10), [&] { return closing_; })) return;
  }
  const std::string message = output_->message();
  if (!message.empty()) log::warning(options_.source.input + ": " + message);
}

void LiveSource::Implementation::play_file(std::unique_ptr<Source>& source) {
  const SourceInfo info = source->info();
  {
    const std::lock_guard lock(mutex_);
    loop_length_ = std::llround(info.duration_seconds * 1e6);
  }
  start_sound(info);
  for (;;) {
    const std::optional<Jump> jump = next_jump();
    {
      const std::lock_guard lock(mutex_);
      if (closing_) return;
    }
    if (jump && info.seekable) {
      source->seek(static_cast<double>(jump->position) / 1e6);
    } else if (jump) {
      source = open_source(options_.source);
    }
    std::optional<Frame> frame = source->read();
    if (frame) {
      add_timed(std::move(*frame), info);
    } else {
      end_of_file(info);
    }
    const std::lock_guard lock(mutex_);
    status_.damaged = source->damaged();
  }
}

/// Where to go on when it is not with the next frame; waits at the end of the file.
std::optional<LiveSource::Implementation::Jump> LiveSource::Implementation::next_jump() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock,
                [&] { return closing_ || jump_ || !read_all_ || (loops() && loop_length_ > 0); });
  if (closing_ || (!jump_ && !read_all_)) return std::nullopt;
  const Jump jump = jump_ ? *jump_ : Jump{0, offset_ + loop_length_};
  first_of_jump_ = jump_.has_value();
  jump_.reset();
  read_all_ = false;
  offset_ = jump.play_time - jump.position;
  return jump;
}

void LiveSource::Implementation::add_timed(Frame frame, const SourceInfo& info) {
  LiveFrame live;
  const std::int64_t position =
      to_microseconds(frame.pts, info.time_base) - std::llround(info.start_seconds * 1e6);
  const std::int64_t duration = to_microseconds(frame.duration, info.time_base);
  live.position = static_cast<double>(position) / 1e6;
  live.frame = std::move(frame);
  live.frame.duration = duration;

  std::unique_lock lock(mutex_);
  while (!closing_ && !jump_ && frames_.size() >= most_frames) {
    if (frames_[1].frame.pts <= clock_.now()) {  // nobody polled in time
      frames_.pop_front();
      ++status_.dropped;
    } else {
      changed_.wait_for(lock, std::chrono::milliseconds(5));
    }
  }
  if (closing_ || jump_) return;
  live.frame.pts = std::max(position + offset_, last_time_ + 1);
  last_time_ = live.frame.pts;
  last_end_ = position + duration;
  if (step_ || (first_of_jump_ && paused_)) clock_.advance_to(last_time_);
  step_ = false;
  first_of_jump_ = false;
  clock_.set_limit(last_time_ + duration + longest_hole);
  frames_.push_back(std::move(live));
}

void LiveSource::Implementation::end_of_file(const SourceInfo& info) {
  const std::lock_guard lock(mutex_);
  if (closing_ || jump_) return;
  read_all_ = true;
  step_ = false;
  if (info.duration_seconds <= 0) {
    loop_length_ = last_end_;
    if (track_) track_->set_loop_length(loop_length_);
  }
  clock_.set_limit(offset_ + loop_length_);
}

void LiveSource::Implementation::find_camera_again() {
  if (camera_bus_.empty() || std::filesystem::exists(camera_)) return;
  for (const VideoDevice& device : list_cameras()) {
    if (device.bus != camera_bus_) continue;
    std::string& input = options_.source.input;
    input.replace(input.find(camera_), camera_.size(), device.path);
    const std::lock_guard lock(mutex_);
    camera_ = status_.camera = device.path;
  }
}

/// After a failure to open it, or (without a reason) to read on.
void LiveSource::Implementation::wait_for_camera(const std::string& reason) {
  find_camera_again();
  CameraProblem found = diagnose_camera(camera_);
  std::unique_lock lock(mutex_);
  if (found.problem == LiveProblem::none && interrupt_) {
    found = {LiveProblem::no_frames, no_frames_message(camera_)};
  } else if (found.problem == LiveProblem::none && !reason.empty()) {
    found = {LiveProblem::other, reason};
  }
  if (closing_) return;
  if (found.problem != LiveProblem::none) {
    status_.state = LiveState::waiting;
    status_.problem = found.problem;
    status_.message = found.message;
  }
  changed_.wait_for(lock, camera_interval, [&] { return closing_; });
}

}  // namespace impasto::video
