// Owns: finding what a user may have meant. Depends on: nothing.
#pragma once

#include <string>
#include <vector>

namespace impasto::app {

/// The name with the smallest Levenshtein distance; of equals the first. Not for an empty list.
const std::string& nearest(const std::string& wanted, const std::vector<std::string>& names);

/// "a, b, c", and past `most` "and 4 more".
std::string enumerate(const std::vector<std::string>& names, std::size_t most = 6);

}  // namespace impasto::app
