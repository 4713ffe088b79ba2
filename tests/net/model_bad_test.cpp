// Files that no network can be made of: each is refused as Error{model} in one line that names
// what is wrong, in a process that may not take 200 MB more than it has.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <limits>

#include "tests/support/confined.h"
#include "tests/support/onnx_builder.h"
#include "tests/support/tensors.h"

namespace impasto::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

constexpr std::int64_t huge = std::int64_t{1} << 40;

/// How the import of these bytes ends.
Outcome import(const std::string& bytes) {
  return confined([&] { net::Model::parse(std::as_bytes(std::span(bytes)), "bad.onnx"); });
}

Outcome import(const OnnxBuilder& model) {
  return import(model.bytes());
}

/// Refused in one line that holds `reason`.
void expect_refused(const Outcome& outcome, const std::string& reason) {
  EXPECT_EQ(outcome.code, static_cast<int>(ExitCode::model)) << outcome.message;
  EXPECT_THAT(outcome.message, HasSubstr(reason));
  EXPECT_THAT(outcome.message, Not(HasSubstr("\n")));
  EXPECT_LT(outcome.message.size(), 400U);
}

OnnxBuilder picture_model(int opset = 17) {
  OnnxBuilder model(opset);
  model.input("picture", {1, 3, -1, -1});
  model.output("result");
  return model;
}

OnnxBuilder convolution() {
  OnnxBuilder model = picture_model();
  model.floats("weights", {3, 3, 3, 3}, random_vector(81, 1));
  model.node("Conv", {"picture", "weights"}, "result");
  return model;
}

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

TEST(BadModel, Cycles) {
  OnnxBuilder itself = picture_model();
  itself.node("Add", {"picture", "result"}, "result");
  expect_refused(import(itself), "node 'result' (Add): it reads 'result', which nothing before");
  OnnxBuilder pair = picture_model();
  pair.node("Add", {"picture", "result"}, "first");
  pair.node("Relu", {"first"}, "result");
  expect_refused(import(pair), "node 'first' (Add): it reads 'result', which nothing before");
  OnnxBuilder twice = convolution();
  twice.node("Relu", {"picture"}, "result");
  expect_refused(import(twice), "node 'result' (Relu): 'result' is defined twice");
}

TEST(BadModel, Versions) {
  for (const int opset : {999, 22, 6, 0, -1}) {
    OnnxBuilder model = picture_model(opset);
    model.node("Relu", {"picture"}, "result");
    expect_refused(import(model),
                   "its opset is " + std::to_string(opset) + ", supported are 7 to 21");
  }
  OnnxBuilder old = convolution();
  old.proto().set_ir_version(2);
  expect_refused(import(old), "its IR version is 2, 3 or later is needed");
}

TEST(BadModel, UnsupportedOpsAreNamed) {
  OnnxBuilder model = picture_model();
  model.node("LSTM", {"picture"}, "result").set_name("encoder/lstm");
  expect_refused(import(model), "bad.onnx: node 'encoder/lstm' (LSTM): this op is not supported");
  OnnxBuilder domain = picture_model();
  domain.node("FusedConv", {"picture"}, "result").set_domain("com.vendor");
  expect_refused(import(domain), "node 'result' (FusedConv): domain 'com.vendor' is unknown");
  // Names of a file do not break the line.
  OnnxBuilder wild = picture_model();
  wild.node("Evil\nOp\x1b[31m", {"picture"}, "result").set_name(std::string(5000, 'x') + "\n");
  expect_refused(import(wild), "Evil?Op?[31m");
}

TEST(BadModel, Inputs) {
  for (const Integers& shape :
       {Integers{4, 3, -1, -1}, Integers{1, 3}, Integers{}, Integers{1, 5000, -1, -1},
        Integers{1, 3, huge, huge}, Integers{1, huge, 8, 8}}) {
    OnnxBuilder model;
    model.input("picture", shape);
    model.output("result");
    model.node("Relu", {"picture"}, "result");
    expect_refused(import(model), "input");
  }
  OnnxBuilder negative = convolution();
  negative.graph()
      .mutable_input(0)
      ->mutable_type()
      ->mutable_tensor_type()
      ->mutable_shape()
      ->mutable_dim(2)
      ->set_dim_value(-7);
  expect_refused(import(negative), "input 'picture' has a negative dimension");
  OnnxBuilder none = convolution();
  none.graph().clear_input();
  expect_refused(import(none), "it has no input for a picture");
  OnnxBuilder unset = convolution();
  unset.graph().clear_initializer();
  unset.input("weights", {3, 3, 3, 3});
  expect_refused(import(unset), "input 'weights'");
  OnnxBuilder no_output = convolution();
  no_output.graph().clear_output();
  expect_refused(import(no_output), "it has no output");
  OnnxBuilder elsewhere = convolution();
  elsewhere.graph().mutable_output(0)->set_name("nothing");
  expect_refused(import(elsewhere), "output 'nothing'");
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

TEST(BadModel, AttributesOfConvolutions) {
  for (const auto& [name, values] : std::vector<std::pair<const char*, Integers>>{
           {"strides", {0, 1}},
           {"strides", {-1, 1}},
           {"strides", {huge, 1}},
           {"strides", {1}},
           {"dilations", {0, 0}},
           {"dilations", {huge, huge}},
           {"pads", {-1, 0, 0, 0}},
           {"pads", {huge, huge, huge, huge}},
           {"pads", {1, 1}},
           {"kernel_shape", {5, 5}},
           {"kernel_shape", {0, 0}},
       }) {
    OnnxBuilder model = convolution();
    set(*model.graph().mutable_node(0), name, values);
    expect_refused(import(model), "node 'result' (Conv): ");
  }
  for (const std::int64_t groups : {std::int64_t{0}, std::int64_t{2}, std::int64_t{-3}, huge}) {
    OnnxBuilder model = convolution();
    set(*model.graph().mutable_node(0), "group", groups);
    expect_refused(import(model), "node 'result' (Conv): ");
  }
  OnnxBuilder type = convolution();
  set(*type.graph().mutable_node(0), "strides", 2.0F);
  expect_refused(import(type), "node 'result' (Conv): attribute 'strides' has a wrong type");
  OnnxBuilder padding = convolution();
  set(*padding.graph().mutable_node(0), "auto_pad", "SOMEHOW");
  expect_refused(import(padding), "node 'result' (Conv): auto_pad 'SOMEHOW' is unknown");
  OnnxBuilder missing = convolution();
  missing.graph().mutable_node(0)->mutable_input()->RemoveLast();
  expect_refused(import(missing), "node 'result' (Conv): input 1 is missing");
}

/// Small files that ask for much.
TEST(BadModel, SizesThatNobodyCanHold) {
  const auto with = [](const char* op, const Integers& values, const char* what) {
    OnnxBuilder model = picture_model();
    model.node(op, {model.integers("values", values)}, "large");
    model.node("Add", {"picture", "large"}, "result");
    expect_refused(import(model), what);
  };
  with("ConstantOfShape", {huge}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {huge, huge}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {-4}, "node 'large' (ConstantOfShape)");
  with("ConstantOfShape", {0, huge, huge}, "node 'large' (ConstantOfShape)");
  for (const char* op : {"Expand", "Tile"}) {
    OnnxBuilder model = picture_model();
    model.node(op, {model.floats("one", {1}, {1}), model.integers("values", {huge})}, "large");
    model.node("Add", {"picture", "large"}, "result");
    expect_refused(import(model), "node 'large' (" + std::string(op) + ")");
  }
  OnnxBuilder range = picture_model();
  range.node(
      "Range",
      {range.floats("a", {}, {0}), range.floats("b", {}, {1e30F}), range.floats("c", {}, {1e-30F})},
      "large");
  range.node("Add", {"picture", "large"}, "result");
  expect_refused(import(range), "node 'large' (Range)");
  for (const Integers& sizes :
       {Integers{1, 3, huge, huge}, Integers{1, 3, -1, 5}, Integers{1, 3, 1 << 20, 1 << 20}}) {
    OnnxBuilder model = picture_model();
    model.node("Resize", {"picture", "", "", model.integers("sizes", sizes)}, "result");
    expect_refused(import(model), "node 'result' (Resize)");
  }
  for (const float scale : {1e30F, -1.0F, 0.0F, std::numeric_limits<float>::quiet_NaN()}) {
    OnnxBuilder model = picture_model();
    model.node("Resize", {"picture", "", model.floats("scales", {4}, {1, 1, scale, scale})},
               "result");
    expect_refused(import(model), "node 'result' (Resize)");
  }
  OnnxBuilder pad = picture_model();
  pad.node("Pad", {"picture", pad.integers("pads", {0, 0, huge, 0, 0, 0, huge, 0})}, "result");
  expect_refused(import(pad), "node 'result' (Pad)");
}

TEST(BadModel, Doubling) {
  // Constants that double sixty times.
  OnnxBuilder constants = picture_model();
  constants.floats("step0", {2}, {1, 2});
  OnnxBuilder channels = picture_model();
  OnnxBuilder planes = picture_model();
  std::string channel = "picture";
  std::string plane = "picture";
  for (int i = 0; i < 60; ++i) {
    const std::string before = "step" + std::to_string(i);
    const std::string after = "step" + std::to_string(i + 1);
    set(constants.node("Concat", {before, before}, after), "axis", 0);
    set(channels.node("Concat", {channel, channel}, after), "axis", 1);
    set(planes.node("Concat", {plane, plane}, after), "axis", i % 2 + 2);
    channel = plane = after;
  }
  constants.node("Add", {"picture", "step60"}, "result");
  expect_refused(import(constants), "(Concat): its constants are too large to compute");
  channels.node("Relu", {channel}, "result");
  expect_refused(import(channels), "(Concat): ");
  planes.node("Relu", {plane}, "result");
  expect_refused(import(planes), "(Concat): ");
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

class ExternalData : public testing::Test {
 protected:
  void SetUp() override {
    outside_ = fs::path(testing::TempDir()) / ("external" + std::to_string(::getpid()));
    folder_ = outside_ / "models";
    fs::create_directories(folder_);
    write(folder_ / "weights.bin", 81 * sizeof(float));
    write(outside_ / "secret.bin", 81 * sizeof(float));
    fs::create_symlink("../secret.bin", folder_ / "link.bin");
    fs::create_directory_symlink("..", folder_ / "up");
  }
  void TearDown() override { fs::remove_all(outside_); }

  static void write(const fs::path& file, std::size_t size) {
    const std::string bytes(size, '\0');
    std::ofstream(file, std::ios::binary) << bytes;
  }

  Outcome load(const std::string& location, const std::string& offset = "0",
               const std::string& length = "324") const {
    OnnxBuilder model = convolution();
    auto& tensor = *model.graph().mutable_initializer(0);
    tensor.clear_float_data();
    tensor.set_data_location(onnx::TensorProto::EXTERNAL);
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{
             {"location", location}, {"offset", offset}, {"length", length}}) {
      auto& entry = *tensor.add_external_data();
      entry.set_key(key);
      entry.set_value(value);
    }
    std::ofstream(folder_ / "model.onnx", std::ios::binary) << model.bytes();
    return confined([&] { net::Model::load(folder_ / "model.onnx"); });
  }

  fs::path outside_;
  fs::path folder_;
};

TEST_F(ExternalData, InsideTheFolderIsRead) {
  const Outcome outcome = load("weights.bin");
  EXPECT_EQ(outcome.code, 0) << outcome.message;
  EXPECT_EQ(load("./weights.bin").code, 0);
}

TEST_F(ExternalData, OutsideTheFolderIsRefused) {
  for (const std::string& location :
       {std::string("../secret.bin"), (outside_ / "secret.bin").string(), std::string("link.bin"),
        std::string("up/secret.bin"), std::string("/etc/passwd"), std::string("/dev/zero"),
        std::string("..")}) {
    expect_refused(load(location), "lies outside the model's folder");
  }
}

TEST_F(ExternalData, UnusableIsRefused) {
  expect_refused(load("absent.bin"), "'absent.bin' is not there");
  expect_refused(load("."), "initializer 'weights'");
  expect_refused(load(""), "has no location");
  expect_refused(load(std::string("weights.bin\0x", 13)), "has no location");
  expect_refused(load("weights.bin", "4"), "has a wrong size");
  expect_refused(load("weights.bin", "-4"), "unusable offset");
  expect_refused(load("weights.bin", "9223372036854775807"), "size");
  expect_refused(load("weights.bin", "0", "8"), "has a wrong size");
  expect_refused(load("weights.bin", "0", "many"), "unusable length");
}

/// From memory there is no folder to read from.
TEST_F(ExternalData, NeedsAFile) {
  OnnxBuilder model = convolution();
  auto& tensor = *model.graph().mutable_initializer(0);
  tensor.clear_float_data();
  tensor.set_data_location(onnx::TensorProto::EXTERNAL);
  expect_refused(import(model), "only a model in a file may have");
}

}  // namespace
}  // namespace impasto::test
