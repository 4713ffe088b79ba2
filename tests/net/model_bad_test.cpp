// Files that no network can be made of: each is refused as Error{model} in one line that names what
// is wrong, in a process that may not take 200 MB more than it has.
#include <limits>

#include "tests/net/model_bad.h"

namespace impasto::test {
namespace {

namespace fs = std::filesystem;

TEST(BadModel, ConfinementItselfWorks) {
  EXPECT_EQ(import(convolution()).code, 0);
  if (!confinement_limits_memory()) GTEST_SKIP() << "sanitizers need the address space";
  EXPECT_EQ(confined([] { std::vector<char> much(300 << 20, 1); }).code, Outcome::crashed);
}

TEST(BadModel, Garbage) {
  expect_refused(import(""), "bad.onnx: the file is empty");
  expect_refused(import("not a model at all, only a line of text\n"), "bad.onnx: ");
  expect_refused(import(std::string(100'000, '\0')), "the file is not ONNX, or damaged");
  expect_refused(import("\xFF\xD8\xFF\xE0 JFIF"), "the file is not ONNX, or damaged");
  Random random(1);
  for (int i = 0; i < 200; ++i) {
    std::string bytes(static_cast<std::size_t>(random.whole(1, 2000)), '\0');
    for (char& byte : bytes) byte = static_cast<char>(random.bits());
    expect_refused(import(bytes), "bad.onnx: ");
  }
}

TEST(BadModel, Truncated) {
  const std::string bytes = convolution().bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Outcome outcome = import(bytes.substr(0, size));
    expect_refused(outcome, "bad.onnx: ");
  }
}

TEST(BadModel, EveryDamagedByteIsSurvived) {
  const std::string bytes = convolution().bytes();
  const Outcome all = confined([&] {
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      for (const int flip : {0x01, 0x80, 0xFF}) {
        std::string damaged = bytes;
        damaged[at] = static_cast<char>(damaged[at] ^ flip);
        try {
          net::Model::parse(std::as_bytes(std::span(damaged)), "bad.onnx");
        } catch (const Error& error) {
          if (error.code() != ExitCode::model) throw;
        }
      }
    }
  });
  EXPECT_EQ(all.code, 0) << all.message;
}

TEST(BadModel, NoRegularFile) {
  const auto load = [](const fs::path& path) { return confined([&] { net::Model::load(path); }); };
  expect_refused(load("/nowhere/at/all.onnx"), "/nowhere/at/all.onnx: cannot be read as a file");
  expect_refused(load("/tmp"), "cannot be read as a file");
  expect_refused(load("/dev/zero"), "cannot be read as a file");
}

TEST(BadModel, StoredTensors) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  for (const Integers& shape :
       {Integers{huge, huge, 3, 3}, Integers{most, 2}, Integers{-3, 3, 3, 3}, Integers{3, 3, 3, 4},
        Integers{0, most, most}, Integers{most}, Integers(100, 1), Integers{}}) {
    OnnxBuilder model = convolution();
    model.graph().mutable_initializer(0)->mutable_dims()->Assign(shape.begin(), shape.end());
    expect_refused(import(model), "initializer 'weights'");
  }
  OnnxBuilder raw = convolution();
  raw.graph().mutable_initializer(0)->clear_float_data();
  raw.graph().mutable_initializer(0)->set_raw_data("seven..");
  expect_refused(import(raw), "initializer 'weights': it holds 7 bytes");
  for (const int type : {0, 8, 14, 17, 999, -1}) {
    OnnxBuilder model = convolution();
    model.graph().mutable_initializer(0)->set_data_type(type);
    expect_refused(import(model), "initializer 'weights': element type");
  }
}

TEST(BadModel, NumbersThatAreNone) {
  for (const float value :
       {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
        -std::numeric_limits<float>::infinity()}) {
    OnnxBuilder weights = convolution();
    weights.graph().mutable_initializer(0)->set_float_data(40, value);
    expect_refused(import(weights),
                   "node 'result' (Conv): its weights 'weights' hold NaN or infinity");
    OnnxBuilder bias = convolution();
    bias.graph().mutable_node(0)->add_input(bias.floats("bias", {3}, {0, value, 0}));
    expect_refused(import(bias), "node 'result' (Conv): input 'bias' holds NaN or infinity");
    OnnxBuilder added = picture_model();
    added.node("Add", {"picture", added.floats("number", {}, {value})}, "result");
    expect_refused(import(added), "node 'result' (Add): input 'number' holds NaN or infinity");
    OnnxBuilder slope = picture_model();
    set(slope.node("LeakyRelu", {"picture"}, "result"), "alpha", value);
    expect_refused(import(slope), "node 'result' (LeakyRelu)");
  }
  // Doubles that no float holds.
  OnnxBuilder wide = convolution();
  auto& tensor = *wide.graph().mutable_initializer(0);
  tensor.clear_float_data();
  tensor.set_data_type(onnx::TensorProto::DOUBLE);
  for (int i = 0; i < 81; ++i) tensor.add_double_data(1e300);
  expect_refused(import(wide), "node 'result' (Conv): its weights 'weights' hold NaN or infinity");
}

/// Subgraphs within subgraphs.
TEST(BadModel, Nesting) {
  std::string inner;
  for (int i = 0; i < 20'000; ++i) {
    // graph { node { attribute { g: inner } } }, lengths in front.
    const auto wrapped = [](char tag, const std::string& content) {
      std::string field(1, tag);
      std::size_t left = content.size();
      while (left >= 0x80) {
        field += static_cast<char>((left & 0x7F) | 0x80);
        left >>= 7;
      }
      return field + static_cast<char>(left) + content;
    };
    inner = wrapped(0x0A, wrapped(0x2A, wrapped(0x32, inner)));
    if (inner.size() > 100'000) break;
  }
  OnnxBuilder model = convolution();
  expect_refused(import(model.bytes() + '\x3A' + "\x05" + inner.substr(0, 5)), "bad.onnx: ");
  std::string nested = "\x3A";
  std::size_t left = inner.size();
  for (; left >= 0x80; left >>= 7) nested += static_cast<char>((left & 0x7F) | 0x80);
  nested += static_cast<char>(left);
  expect_refused(import(model.bytes() + nested + inner), "bad.onnx: ");
}

/// Two bytes in the file, hundreds in memory.
TEST(BadModel, ManyEmptyMessages) {
  std::string nodes;
  for (int i = 0; i < 4'000'000; ++i) nodes += "\x0A" + std::string(1, '\0');
  std::string length;
  std::size_t left = nodes.size();
  for (; left >= 0x80; left >>= 7) length += static_cast<char>((left & 0x7F) | 0x80);
  length += static_cast<char>(left);
  expect_refused(import("\x08\x08\x3A" + length + nodes), "bad.onnx: ");
}

}  // namespace
}  // namespace impasto::test
