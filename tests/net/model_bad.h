// Owns: what the tests of unusable models share: small valid models to spoil, and how a refusal has
// to look.
// Depends on: tests/support/confined.h, tests/support/onnx_builder.h.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <span>
#include <string>

#include "tests/support/confined.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {

inline constexpr std::int64_t huge = std::int64_t{1} << 40;

/// How the import of these bytes ends.
inline Outcome import(const std::string& bytes) {
  return confined([&] { net::Model::parse(std::as_bytes(std::span(bytes)), "bad.onnx"); });
}

inline Outcome import(const OnnxBuilder& model) {
  return import(model.bytes());
}

/// Refused in one line that holds `reason`.
inline void expect_refused(const Outcome& outcome, const std::string& reason) {
  EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::model)) << outcome.message;
  EXPECT_THAT(outcome.message, testing::HasSubstr(reason));
  EXPECT_THAT(outcome.message, testing::Not(testing::HasSubstr("\n")));
  EXPECT_LT(outcome.message.size(), 400U);
}

inline OnnxBuilder picture_model(int opset = 17) {
  OnnxBuilder model(opset);
  model.input("picture", {1, 3, -1, -1});
  model.output("result");
  return model;
}

inline OnnxBuilder convolution() {
  OnnxBuilder model = picture_model();
  model.floats("weights", {3, 3, 3, 3}, random_vector(81, 1));
  model.node("Conv", {"picture", "weights"}, "result");
  return model;
}

}  // namespace impasto::test
