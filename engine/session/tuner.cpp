#include "engine/session/tuner.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>
#include <tuple>
#include <utility>

#include "engine/base/error.h"

namespace impasto::session {
namespace {

constexpr std::size_t most_rounds = 7;
constexpr std::size_t least_rounds = 3;
// Frames after which a comparison of slow passes is over, together.
constexpr double enough_ms = 1500;
// A choice that is faster by less may be luck.
constexpr double least_gain = 0.03;
// Kernels round differently, each within one code of the exact result.
constexpr int most_difference = 2;

video::FrameFormat rgb_format(int width, int height) {
  video::FrameFormat format;
  format.width = width;
  format.height = height;
  format.layout.name = "rgb24";
  format.layout.rgb = true;
  for (int i = 0; i < 3; ++i) format.layout.components[static_cast<std::size_t>(i)] = {0, i, 3};
  format.color.matrix = video::Matrix::identity;
  format.color.range = video::Range::full;
  return format;
}

// Blocks of colour under noise: nothing that a kernel could find easier than a picture.
video::Frame make_frame(const video::FrameFormat& format) {
  const video::WritableFrame result = video::allocate_frame(format);
  std::minstd_rand random(1);
  for (int y = 0; y < format.height; ++y) {
    std::byte* row = result.planes[0] + result.frame.strides[0] * y;
    for (int x = 0; x < format.width * 3; ++x) {
      const unsigned block = static_cast<unsigned>(x / 96 * 37 + y / 24 * 91 + x % 3 * 53) % 192;
      row[x] = static_cast<std::byte>(block + random() % 64);
    }
  }
  return result.frame;
}

double median(std::vector<double> values) {
  std::ranges::nth_element(values, values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2));
  return values[values.size() / 2];
}

// What makes a pass cost what it costs.
auto work(const graph::Pass& pass) {
  return std::tie(pass.kernel, pass.constants, pass.push, pass.groups);
}

/// Marks the passes that the other graph has no equal of.
std::vector<bool> without_equal(const graph::RenderGraph& graph, const graph::RenderGraph& other) {
  std::map<decltype(work(other.passes.front())), int> unmatched;
  for (const graph::Pass& pass : other.passes) ++unmatched[work(pass)];
  std::vector<bool> marks;
  for (const graph::Pass& pass : graph.passes) {
    const auto equal = unmatched.find(work(pass));
    const bool matched = equal != unmatched.end() && equal->second > 0;
    if (matched) --equal->second;
    marks.push_back(!matched);
  }
  return marks;
}

int largest_difference(std::span<const std::byte> a, std::span<const std::byte> b) {
  int largest = 0;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    largest = std::max(largest, std::abs(static_cast<int>(a[i]) - static_cast<int>(b[i])));
  }
  return largest;
}

}  // namespace

Tuner::Tuner(gpu::Device& device, gpu::KernelCache& kernels, const net::Model& model,
             FrameRequest request, SessionOptions options, Look look, graph::ConvChoices known)
    : device_(device),
      kernels_(kernels),
      model_(model),
      request_(std::move(request)),
      options_(std::move(options)),
      look_(std::move(look)),
      known_(std::move(known)),
      best_(known_) {
  request_.source = request_.output = rgb_format(request_.source.width, request_.source.height);
  request_.with_source = false;
  options_.slot_count = 1;
  options_.output = gpu::MemoryUse::read_back;
  done_ = device.info().timestamp_valid_bits == 0;
}

std::unique_ptr<Session> Tuner::make_session(const graph::ConvChoices& choices) {
  SessionOptions options = options_;
  options.conv_choices = choices;
  auto session = std::make_unique<Session>(device_, kernels_, model_, request_, options);
  session->time_passes(true);
  return session;
}

void Tuner::add_candidates() {
  for (const graph::ConvLayer& layer : base_.session->executor().graph().convolutions) {
    if (known_.contains(layer.shape) || !seen_.insert(layer.shape).second) continue;
    best_[layer.shape] = layer.kernel;
    for (const std::string& kernel : layer.kernels) {
      if (kernel != layer.kernel) candidates_.push_back({layer.shape, kernel});
    }
  }
}

// A shape is done when no candidate of it waits.
void Tuner::settle() {
  for (const std::string& shape : seen_) {
    const bool waits =
        std::ranges::find(candidates_, shape, &Candidate::shape) != candidates_.end();
    if (!waits) choices_[shape] = best_.at(shape);
  }
}

bool Tuner::begin_next() {
  trial_ = {};
  while (!candidates_.empty()) {
    candidate_ = candidates_.front();
    candidates_.pop_front();
    graph::ConvChoices choices = best_;
    choices[candidate_.shape] = candidate_.kernel;
    try {
      trial_.session = make_session(choices);
    } catch (const Error&) {  // this kernel's graph is beyond the device
      continue;
    }
    const graph::RenderGraph& before = base_.session->executor().graph();
    const graph::RenderGraph& after = trial_.session->executor().graph();
    base_.differs = without_equal(before, after);
    trial_.differs = without_equal(after, before);
    if (std::ranges::find(trial_.differs, true) == trial_.differs.end()) continue;
    base_.ms.clear();
    return true;
  }
  trial_ = {};
  return false;
}

void Tuner::run_frame(Side& side) {
  Session& session = *side.session;
  session.submit(frame_, look_);
  const Picture picture = session.receive_picture();
  const bool first = side.picture.empty();
  if (first) side.picture.assign(picture.buffer->bytes().begin(), picture.buffer->bytes().end());
  if (first && &side == &trial_) return;  // the first run may page memory in
  const std::vector<PassTime> times = session.executor().pass_times(session.last_slot());
  double ms = 0;
  for (std::size_t i = 0; i < times.size(); ++i) ms += side.differs[i] ? times[i].ms : 0;
  side.ms.push_back(ms);
}

void Tuner::decide() {
  TuningResult result{candidate_.shape, candidate_.kernel, median(trial_.ms), median(base_.ms)};
  result.difference = largest_difference(trial_.picture, base_.picture);
  result.chosen =
      result.difference <= most_difference && result.ms < result.ms_before * (1 - least_gain);
  if (result.chosen) {
    best_[candidate_.shape] = candidate_.kernel;
    base_ = std::move(trial_);
    base_.ms.clear();
    add_candidates();
  }
  trial_ = {};
  settle();
  results_.push_back(std::move(result));
}

bool Tuner::step() {
  if (done_) return false;
  if (!base_.session) {
    frame_ = make_frame(request_.source);
    try {
      base_.session = make_session(best_);
    } catch (const Error&) {  // no room beside the session that runs
      done_ = true;
      return false;
    }
    add_candidates();
    settle();
    return true;
  }
  if (!trial_.session) {
    if (begin_next()) return true;
    settle();
    done_ = true;
    base_ = {};
    return false;
  }
  run_frame(base_);
  run_frame(trial_);
  const double spent = median(base_.ms) * static_cast<double>(base_.ms.size());
  if (trial_.ms.size() >= most_rounds || (trial_.ms.size() >= least_rounds && spent > enough_ms)) {
    decide();
  }
  return true;
}

}  // namespace impasto::session
