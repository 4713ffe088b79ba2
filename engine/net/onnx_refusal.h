// Owns: how the importer says no, and integer arithmetic that says no instead of overflowing.
// Depends on: the standard library only. model.cpp turns every Refusal into an Error{model}.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace impasto::net {

/// The reason why a model is refused, without the model's and the node's name, which whoever
/// catches it adds.
class Refusal : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

[[noreturn]] inline void refuse(const std::string& reason) {
  throw Refusal(reason);
}

/// Text of a file made fit for a one-line message: no control characters, at most `longest` bytes.
inline std::string printable(std::string_view text, std::size_t longest = 80) {
  std::string result(text.substr(0, longest));
  for (char& c : result) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  return text.size() > longest ? result + "..." : result;
}

inline std::int64_t checked_multiply(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(a, b, &result)) refuse("a size overflows");
  return result;
}

inline std::int64_t checked_add(std::int64_t a, std::int64_t b) {
  std::int64_t result = 0;
  if (__builtin_add_overflow(a, b, &result)) refuse("a size overflows");
  return result;
}

/// Narrows a number of the file to int; `what` names it in the refusal.
inline int checked_int(std::int64_t value, std::int64_t low, std::int64_t high, const char* what) {
  if (value < low || value > high) {
    refuse(std::string(what) + " is " + std::to_string(value) + ", allowed are " +
           std::to_string(low) + " to " + std::to_string(high));
  }
  return static_cast<int>(value);
}

/// What folding may still produce; keeps a small file from asking for much memory or time.
class Budget {
 public:
  explicit Budget(std::int64_t elements) : left_(elements) {}
  void spend(std::int64_t elements) {
    if (elements < 0 || elements > left_) refuse("its constants are too large to compute");
    left_ -= elements;
  }

 private:
  std::int64_t left_;
};

}  // namespace impasto::net
