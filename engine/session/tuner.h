// Owns: finding out which kernel computes each convolution of a model fastest on this device.
// Depends on: session.h. A candidate is timed within the whole graph, since a kernel decides what
// the passes around it must do (whether a norm is applied while it loads, who reduces statistics):
// two sessions that differ in one choice run the same frames in turn, and the passes that only one
// of them has are compared. So a choice replaces the one before only where it was faster side by
// side, and the result is never slower than the built-in one.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/session/session.h"

namespace impasto::session {

/// What became of one candidate.
struct TuningResult {
  std::string shape;  ///< as ConvLayer has them
  std::string kernel;
  double ms = 0;  ///< of the passes that the two graphs do not share, medians
  double ms_before = 0;
  int difference = 0;  ///< largest, of 255, between the two pictures
  bool chosen = false;
};

class Tuner {
 public:
  /// `known`: shapes that need no measurement. Frames are 8 bit RGB of the request's size.
  Tuner(gpu::Device& device, gpu::KernelCache& kernels, const net::Model& model,
        FrameRequest request, SessionOptions options, Look look, graph::ConvChoices known);

  /// One bit of work, at most two frames or the compilation of one candidate; false when nothing is
  /// left. A device without timestamps, or one on which two sessions do not fit, ends it at once.
  bool step();

  /// Of all shapes that are done.
  const graph::ConvChoices& choices() const { return choices_; }
  const std::vector<TuningResult>& results() const { return results_; }

 private:
  struct Candidate {
    std::string shape;
    std::string kernel;
  };
  struct Side {
    std::unique_ptr<Session> session;
    std::vector<bool> differs;  // per pass
    std::vector<double> ms;     // per frame
    std::vector<std::byte> picture;
  };

  std::unique_ptr<Session> make_session(const graph::ConvChoices& choices);
  void add_candidates();
  void settle();
  bool begin_next();
  void run_frame(Side& side);
  void decide();

  gpu::Device& device_;
  gpu::KernelCache& kernels_;
  const net::Model& model_;
  FrameRequest request_;
  SessionOptions options_;
  Look look_;
  video::Frame frame_;
  graph::ConvChoices known_;
  graph::ConvChoices best_;     // of all shapes seen so far
  graph::ConvChoices choices_;  // of those with no candidate left
  std::set<std::string> seen_;
  std::deque<Candidate> candidates_;
  Candidate candidate_;
  Side base_;
  Side trial_;
  std::vector<TuningResult> results_;
  bool done_ = false;
};

}  // namespace impasto::session
