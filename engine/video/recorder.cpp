#include "engine/video/recorder.h"

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "engine/base/files.h"
#include "engine/video/encoder_choice.h"
#include "engine/video/fitter.h"
#include "engine/video/open_sink.h"
#include "engine/video/output_file.h"
#include "engine/video/pushed_input.h"

namespace impasto::video {
namespace {

// Frames that wait for the encoder before one is left out.
constexpr std::size_t most_frames = 8;
// Sound kept while the first frame is still being made, samples of one channel.
constexpr std::size_t most_early_sound = std::size_t{10} * sound_rate;
// Times of blocks are rounded: what is nearer than this to where the sound is goes on from there.
constexpr std::int64_t sound_jitter = sound_rate / 100;

std::int64_t to_samples(std::int64_t microseconds) {
  return av_rescale(microseconds, sound_rate, AV_TIME_BASE);
}

/// Encoding shares the machine with the network and must keep up.
void choose_speed(SinkOptions& options, const AVCodec& codec) {
  if (!options.preset.empty() || !options.encoder_options.empty()) return;
  const std::string_view name = codec.name;
  if (name.starts_with("libx26")) options.preset = "veryfast";
  if (name.starts_with("libvpx")) {
    options.encoder_options = {{"deadline", "realtime"}, {"cpu-used", "8"}};
  }
}

}  // namespace

class Recorder::Implementation {
 public:
  explicit Implementation(const RecorderOptions& options);
  ~Implementation();
  void write(const Frame& frame);
  void write_sound(const SoundBlock& block);
  void stop();
  RecorderStatus status() const;

 private:
  struct Sound {
    std::int64_t time = 0;
    std::vector<float> samples;
    std::size_t count() const { return samples.size() / sound_channels; }
  };
  void run();
  void record();
  void open(const Frame& first);
  void encode(Frame frame);
  void pass_on(const Sound& sound);

  RecorderOptions options_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Frame> frames_;
  std::deque<Sound> sounds_;
  std::size_t waiting_sound_ = 0;
  bool started_ = false;  ///< a frame came
  bool stopping_ = false;
  std::int64_t begin_ = 0;  ///< play time of the first frame
  std::int64_t last_ = 0;   ///< of the last one that was taken
  RecorderStatus status_;

  // The thread's.
  std::optional<PushedInput> input_;
  std::unique_ptr<Sink> sink_;
  FrameFormat format_;
  Fitter fitter_;
  std::int64_t next_sample_ = 0;
  std::thread thread_;
};

Recorder::Recorder(const RecorderOptions& options)
    : implementation_(std::make_unique<Implementation>(options)) {}
Recorder::~Recorder() = default;
void Recorder::write(const Frame& frame) {
  implementation_->write(frame);
}
void Recorder::write_sound(const SoundBlock& block) {
  implementation_->write_sound(block);
}
void Recorder::stop() {
  implementation_->stop();
}
RecorderStatus Recorder::status() const {
  return implementation_->status();
}

Recorder::Implementation::Implementation(const RecorderOptions& options) : options_(options) {
  const AVOutputFormat& container = choose_container(options.sink);
  if (is_picture(container) || options.sink.output == "-") {
    throw Error(ExitCode::usage, options.sink.output + " is no video file; use .mp4 or .mkv");
  }
  OutputFile(options.sink.output, options.sink.overwrite);
  choose_speed(options_.sink, *choose_encoder(options.sink, container, {}).codec);
  thread_ = std::thread([this] { run(); });
}

Recorder::Implementation::~Implementation() {
  stop();
  thread_.join();
}

void Recorder::Implementation::write(const Frame& frame) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || status_.state != RecorderState::recording) return;
  if (started_ && frame.pts <= last_) return;
  if (frames_.size() >= most_frames) {
    ++status_.dropped;
    return;
  }
  if (!started_) begin_ = frame.pts;
  started_ = true;
  last_ = frame.pts;
  status_.seconds = static_cast<double>(last_ - begin_) / AV_TIME_BASE;
  frames_.push_back(frame);
  frames_.back().pts -= begin_;
  changed_.notify_all();
}

void Recorder::Implementation::write_sound(const SoundBlock& block) {
  if (!options_.sound || block.count == 0) return;
  Sound sound{block.time, {block.samples, block.samples + block.count * sound_channels}};
  const std::lock_guard lock(mutex_);
  if (stopping_ || status_.state != RecorderState::recording) return;
  waiting_sound_ += sound.count();
  sounds_.push_back(std::move(sound));
  while (!started_ && waiting_sound_ > most_early_sound) {
    waiting_sound_ -= sounds_.front().count();
    sounds_.pop_front();
  }
  if (started_) changed_.notify_all();
}

void Recorder::Implementation::stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  if (status_.state == RecorderState::recording) status_.state = RecorderState::finishing;
  changed_.notify_all();
}

RecorderStatus Recorder::Implementation::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

void Recorder::Implementation::run() {
  std::string failure;
  try {
    record();
    if (!sink_) throw Error(ExitCode::output, "no picture came while recording; nothing is kept");
    sink_->finish(ExitCode::ok);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const bool partial = sink_ != nullptr && !failure.empty();
  sink_.reset();
  const std::string kept = files::partial_path(options_.sink.output).string();
  if (partial && files::file_exists(kept)) failure += "; what could be written is in " + kept;
  const std::lock_guard lock(mutex_);
  frames_.clear();
  sounds_.clear();
  status_.state = failure.empty() ? RecorderState::complete : RecorderState::failed;
  status_.message = failure;
}

void Recorder::Implementation::record() {
  for (;;) {
    std::deque<Sound> sounds;
    std::optional<Frame> frame;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] {
        return stopping_ || !frames_.empty() || (sink_ != nullptr && !sounds_.empty());
      });
      if (started_) sounds.swap(sounds_);
      if (!frames_.empty()) {
        frame = std::move(frames_.front());
        frames_.pop_front();
      } else if (stopping_ && sounds.empty()) {
        break;
      }
    }
    if (frame && !sink_) open(*frame);
    for (const Sound& sound : sounds) pass_on(sound);
    if (frame) encode(*std::move(frame));
  }
  if (input_) input_->streams.relay.end(false);
}

void Recorder::Implementation::open(const Frame& first) {
  SourceInfo info;
  info.name = "the live picture";
  info.frame_rate = options_.frame_rate;
  info.sample_aspect_ratio = options_.sample_aspect_ratio;
  info.rotation = options_.rotation;
  info.has_audio = options_.sound;
  input_.emplace(std::move(info), first);
  // What a screen shows is opaque: nobody need be told that a codec has no alpha.
  PixelLayout& layout = input_->info.format.layout;
  if (layout.has_alpha()) --layout.component_count;
  sink_ = open_sink(options_.sink, input_->info, input_->streams);
  format_ = sink_->frame_format(first.format);
}

void Recorder::Implementation::encode(Frame frame) {
  input_->streams.relay.advance(frame.pts + std::max<std::int64_t>(frame.duration, 0));
  sink_->write(fitter_.fit(frame, format_));
  const std::lock_guard lock(mutex_);
  ++status_.frames;
}

void Recorder::Implementation::pass_on(const Sound& sound) {
  std::int64_t first = to_samples(sound.time - begin_);
  if (std::abs(first - next_sample_) <= sound_jitter) first = next_sample_;
  // What lies before the beginning, or was there already.
  const std::int64_t skipped = std::max<std::int64_t>(next_sample_ - first, 0);
  const auto count = static_cast<std::int64_t>(sound.count()) - skipped;
  if (count <= 0) return;
  first += skipped;
  const std::size_t bytes = static_cast<std::size_t>(count) * sound_channels * sizeof(float);
  PacketPtr packet = make_packet();
  if (av_new_packet(packet.get(), static_cast<int>(bytes)) < 0) throw std::bad_alloc();
  std::memcpy(packet->data, sound.samples.data() + skipped * sound_channels, bytes);
  packet->stream_index = PushedInput::sound_index;
  packet->pts = packet->dts = first;
  packet->duration = count;
  next_sample_ = first + count;
  input_->streams.relay.add(std::move(packet), av_rescale(first, AV_TIME_BASE, sound_rate));
}

void save_picture(const Frame& frame, const SinkOptions& options) {
  if (!is_picture(choose_container(options))) {
    throw Error(ExitCode::usage, options.output + " is no picture file; use .png or .jpg");
  }
  SourceInfo info;
  info.name = "the picture";
  info.frame_count = 1;
  info.is_image = true;
  PushedInput input(std::move(info), frame);
  const std::unique_ptr<Sink> sink = open_sink(options, input.info, input.streams);
  Fitter fitter;
  sink->write(fitter.fit(frame, sink->frame_format(frame.format)));
  sink->finish(ExitCode::ok);
}

}  // namespace impasto::video
