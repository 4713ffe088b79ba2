// Owns: arithmetic of style weights for a mixer. Depends on: net/model.h.
#pragma once

#include <random>
#include <vector>

#include "engine/net/model.h"

namespace impasto::app {

/// Weights scaled to a sum of 1; where they add up to nothing (or less): equal shares of the
/// positive ones, or unchanged where none is.
std::vector<float> normalised(std::vector<float> weights);

/// One weight of a normalised mixer set to `value` (0..1): the others share the rest in their old
/// proportions, equally where they had nothing.
std::vector<float> with_weight(std::vector<float> weights, std::size_t style, float value);

/// All weight on one style.
std::vector<float> only_style(const net::ModelInfo& model, std::size_t style);

/// Two to four styles other than identity with random shares of at least 0.1, sum 1; for a model
/// with fewer styles what it has.
std::vector<float> random_mix(const net::ModelInfo& model, std::mt19937& random);

}  // namespace impasto::app
