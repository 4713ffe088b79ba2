#include "app/looks/history.h"

#include <utility>

namespace impasto::app {
namespace {

constexpr std::chrono::seconds one_drag{1};

}  // namespace

LookHistory::LookHistory(net::Look start, std::size_t limit) : limit_(limit) {
  restart(std::move(start));
}

void LookHistory::change(net::Look look, const std::string& control, Clock::time_point now) {
  if (look == this->look()) return;
  const bool same_drag =
      !control.empty() && control == control_ && now - changed_ <= one_drag && can_undo();
  control_ = control;
  changed_ = now;
  steps_.resize(current_ + 1);
  if (same_drag) {
    steps_[current_] = std::move(look);
    return;
  }
  steps_.push_back(std::move(look));
  if (steps_.size() > limit_ + 1) steps_.pop_front();
  current_ = steps_.size() - 1;
}

const net::Look& LookHistory::undo() {
  if (can_undo()) --current_;
  finish();
  return look();
}

const net::Look& LookHistory::redo() {
  if (can_redo()) ++current_;
  finish();
  return look();
}

void LookHistory::restart(net::Look start) {
  steps_.assign(1, std::move(start));
  current_ = 0;
  finish();
}

}  // namespace impasto::app
