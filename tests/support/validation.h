// Included by one file of a test program: the whole program runs under the validation layers
// (IMPASTO_DEBUG, if not set otherwise) and fails on any message that no test asked for.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>

#include "engine/gpu/instance.h"

namespace impasto::test {

/// Messages that tests provoked on purpose.
inline gpu::ValidationMessages provoked_messages;

class ValidationEnvironment : public ::testing::Environment {
 public:
  ValidationEnvironment() { setenv("IMPASTO_DEBUG", "validate,sync", 0); }
  void TearDown() override {
    const gpu::ValidationMessages messages = gpu::validation_messages();
    EXPECT_EQ(messages.errors, provoked_messages.errors);
    EXPECT_EQ(messages.warnings, provoked_messages.warnings);
  }
};
inline const ::testing::Environment* const validation_environment =
    ::testing::AddGlobalTestEnvironment(new ValidationEnvironment);

}  // namespace impasto::test
