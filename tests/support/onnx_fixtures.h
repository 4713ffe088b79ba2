// Owns: the ONNX project's own test models (Debian's libonnx-testdata) as networks with an input
// and the output that is expected: one network per picture of a batch.
// Depends on: engine/net/model.h, engine/net/tensor.h, protobuf's ONNX classes in the .cpp.
// What is left out, and why, is the table in onnx_fixtures_table.cpp.
#pragma once

#include <filesystem>
#include <string>
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

/// |actual - expected| <= absolute + relative * |expected| everywhere; else the first violation.
std::string compare_with_fixture(const net::Tensor& actual, const net::Tensor& expected,
                                 double relative = 1e-3, double absolute = 1e-5);

/// A row of the table of exceptions; `pattern` may end in '*'.
struct OnnxFixtureException {
  const char* pattern;
  OnnxFixtureEntry::Mode mode;
  const char* reason;
};
const std::vector<OnnxFixtureException>& onnx_fixture_exceptions();

}  // namespace impasto::test
