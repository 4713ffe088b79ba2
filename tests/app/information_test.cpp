// The commands that print: devices, styles, inspect, bench, --help, --version.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/app/program.h"

namespace impasto::app::test {
namespace {

using nlohmann::json;
using testing::HasSubstr;
using video::test::shell;

json print_json(const std::string& arguments) {
  const Result result = run(arguments + " --json");
  EXPECT_EQ(result.exit_code, 0) << result.error;
  EXPECT_EQ(result.error, "");
  return json::parse(result.out);
}

TEST(Information, HelpAndVersion) {
  EXPECT_THAT(run("--version").out, testing::MatchesRegex("impasto [0-9.]+\n"));
  const Result help = run("apply --help");
  EXPECT_EQ(help.exit_code, 0);
  for (const char* option : {"--style", "--mix", "--model", "--strength", "--height", "-y"}) {
    EXPECT_THAT(help.out, HasSubstr(option));
  }
}

TEST(Information, Devices) {
  const json lists = print_json("devices");
  EXPECT_TRUE(lists["cameras"].is_array());
  EXPECT_TRUE(lists["virtual_cameras"].is_array());
  const json& devices = lists["devices"];
  ASSERT_FALSE(devices.empty());
  for (const char* key : {"name", "driver", "subgroup_size", "fp16_storage", "path"}) {
    EXPECT_TRUE(devices[0].contains(key)) << key;
  }
}

TEST(Information, StylesListTheShippedPacks) {
  const json packs = print_json("styles")["packs"];
  ASSERT_EQ(packs.size(), 2);
  EXPECT_EQ(packs[0]["name"], "live") << "the default comes first";
  EXPECT_LE(packs[0]["mac_per_pixel"].get<double>(), 6000);
  EXPECT_EQ(packs[1]["name"], "fine");
  EXPECT_LE(packs[1]["mac_per_pixel"].get<double>(), 45000);
  EXPECT_GE(packs[0]["styles"].size(), 17) << "sixteen and identity";
  ASSERT_EQ(packs[0]["styles"].size(), packs[1]["styles"].size());
  for (std::size_t i = 0; i < packs[0]["styles"].size(); ++i) {
    EXPECT_EQ(packs[0]["styles"][i]["name"], packs[1]["styles"][i]["name"]);
  }
  std::vector<std::string> names;
  for (const json& style : packs[0]["styles"]) names.push_back(style["name"]);
  EXPECT_THAT(names, testing::Contains("starry_night"));
  EXPECT_THAT(names, testing::Contains("identity"));
  for (const json& style : packs[0]["styles"]) {
    EXPECT_THAT(std::string(style["thumbnail"]), testing::EndsWith(".png"));
    EXPECT_TRUE(std::filesystem::exists(std::string(style["thumbnail"])));
  }
}

TEST(Information, StylesOfTheUsersOwnAreFound) {
  const video::test::TemporaryFolder folder;
  video::test::shell("mkdir -p " + folder / "impasto/styles" +
                     " && cp " IMPASTO_SOURCE_DIR "/app/styles/live.onnx " +
                     folder / "impasto/styles/mine.onnx");
  const Result result = run("styles --json", "XDG_DATA_HOME=" + folder.path().string());
  EXPECT_THAT(result.out, HasSubstr("\"mine\""));
}

TEST(Information, AnInstalledProgramFindsItsStyles) {
  const video::test::TemporaryFolder folder;
  video::test::shell("cmake --install " IMPASTO_BUILD_DIR " --prefix " + folder.path().string());
  const std::string listed = video::test::shell(folder / "bin/impasto" + " styles --json 2>&1");
  EXPECT_THAT(listed, HasSubstr(folder / "share/impasto/styles/live.onnx"));
  EXPECT_TRUE(std::filesystem::exists(folder / "share/impasto/styles/photo.jpg"));
}

TEST(Information, Inspect) {
  const std::string model = IMPASTO_SOURCE_DIR "/app/styles/live.onnx";
  const json description = print_json("inspect " + model + " --size 320x240");
  EXPECT_EQ(description["inputs"][0]["shape"], json({1, 3, 240, 320}));
  EXPECT_EQ(description["inputs"][1]["name"], "style");
  ASSERT_GT(description["norm_layers"].size(), 5U);
  EXPECT_EQ(description["norm_layers"][0]["kind"], "instance");
  EXPECT_GT(description["norm_layers"][0]["channels"], 3);
  EXPECT_LT(description["norm_layers"][0]["gamma"][0], description["norm_layers"][0]["gamma"][1]);
  EXPECT_GT(description["ops"]["Conv"].get<int>(), 10);
  EXPECT_GT(description["arena_bytes"].get<double>(), 0);
  const std::string graph = run("inspect " + model + " --graph --conv tiled").out;
  EXPECT_THAT(graph, HasSubstr("conv_"));
  EXPECT_THAT(graph, HasSubstr("shared KiB"));
  const std::string drawing = run("inspect " + model + " --dot").out;
  EXPECT_EQ(drawing.rfind("digraph", 0), 0U) << drawing;
  EXPECT_THAT(drawing, HasSubstr(" -> "));
}

TEST(Information, BenchHasEveryField) {
  const json bench = print_json("bench --size 96x64 --frames 2");
  for (const char* key :
       {"device", "driver", "model", "style", "width", "height", "precision", "frames", "ms_median",
        "ms_p99", "frame_ms_median", "fps", "gmac", "gflops", "gflops_executed", "peak_gflops",
        "arena_bytes", "first_frame_ms"}) {
    EXPECT_TRUE(bench.contains(key)) << key;
  }
  for (const char* key : {"name", "kernel", "ms", "gflops_executed", "bytes"}) {
    EXPECT_TRUE(bench["passes"][0].contains(key)) << key;
  }
  EXPECT_GT(bench["peak_gflops"].get<double>(), 0);
}

TEST(Information, BenchEndsWithTheFirstSignal) {
  const std::string said = shell("timeout --preserve-status -s TERM 5 " IMPASTO_PROGRAM
                                 " bench --size 96x64 --frames 10000000 --tune off; echo $?");
  EXPECT_EQ(said, "143\n");
}

}  // namespace
}  // namespace impasto::app::test
