// Owns: the ONNX project's own test models (Debian's libonnx-testdata) as networks with an input
// and the output that is expected: one network per picture of a batch.
// Depends on: engine/net/model.h, engine/net/tensor.h, protobuf's ONNX classes in the .cpp.
// What is left out, and why, is the table in onnx_fixtures_table.cpp; a fixture of our own is a row
// in onnx_own_fixtures.cpp.
//
// To run them on a device: for each entry of list_onnx_fixtures() that is not skipped, for each
// network of load_onnx_fixture(entry), and for each of own_onnx_fixtures(): compile fixture.net,
// feed fixture.input, compare_with_fixture(result, fixture.expected). A network may have no nodes
// at all (Identity): its output is its input.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/net/net.h"
#include "engine/net/tensor.h"

namespace impasto::test {

/// Where Debian's package puts the models; empty where the package is missing.
std::filesystem::path onnx_testdata_folder();

struct OnnxFixture {
  std::string name;  ///< "node/test_relu", with "#1" for the second picture of a batch
  net::Net net;
  net::Tensor input;
  net::Tensor expected;
  std::string model;  ///< the ONNX file that `net` was imported from
};

struct OnnxFixtureEntry {
  enum class Mode {
    picture,  ///< the first input is the picture, the others are initializers
    folded,   ///< all inputs are initializers; the constant result is added to a black picture
    skipped,
  };
  std::string name;
  std::filesystem::path folder;
  Mode mode = Mode::picture;
  std::string reason;  ///< why it is not run as a picture; empty for Mode::picture
};

/// Every fixture whose ops are all among those that the importer takes, sorted by name.
std::vector<OnnxFixtureEntry> list_onnx_fixtures();

/// The fixture through the real importer; throws impasto::Error where that refuses it.
std::vector<OnnxFixture> load_onnx_fixture(const OnnxFixtureEntry& entry);

/// Fixtures of our own for what the package has none of: GroupNormalization of opsets 18 and 21,
/// LayerNormalization over C,H,W. The expected values are sums written out in double precision.
std::vector<OnnxFixture> own_onnx_fixtures();

/// |actual - expected| <= absolute + relative * |expected| everywhere; else the first violation.
/// Where NaN is expected (the root of a negative number) anything will do: GLSL leaves it open.
std::string compare_with_fixture(const net::Tensor& actual, const net::Tensor& expected,
                                 double relative = 1e-3, double absolute = 1e-5);

/// The ops whose fixtures are listed: a model with any other op is not one of this project's.
const std::vector<std::string_view>& onnx_fixture_ops();

/// A row of the table of exceptions; `pattern` may end in '*'.
struct OnnxFixtureException {
  const char* pattern;
  OnnxFixtureEntry::Mode mode;
  const char* reason;
};
const std::vector<OnnxFixtureException>& onnx_fixture_exceptions();
bool matches_fixture(std::string_view name, std::string_view pattern);

}  // namespace impasto::test
