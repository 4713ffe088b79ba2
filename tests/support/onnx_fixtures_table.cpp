// The fixtures that are not run with their first input as the picture, with the reason.
#include "tests/support/onnx_fixtures.h"

namespace impasto::test {

const std::vector<OnnxFixtureException>& onnx_fixture_exceptions() {
  using enum OnnxFixtureEntry::Mode;
  static const std::vector<OnnxFixtureException> table = {};
  return table;
}

}  // namespace impasto::test
