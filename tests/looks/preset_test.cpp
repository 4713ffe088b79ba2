// Presets: round trips, other models, names, and files that are none.
#include "app/looks/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <random>

#include "app/looks/choice.h"
#include "engine/base/error.h"
#include "engine/base/files.h"
#include "tests/video/support.h"

namespace impasto::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const net::Model& live() {
  static const net::Model model = net::Model::load(IMPASTO_SOURCE_DIR "/app/styles/live.onnx");
  return model;
}
const net::LayerTable& layers() {
  static const net::LayerTable table(live());
  return table;
}

net::Look edited_look() {
  net::Look look;
  look.style.assign(live().info().styles.size(), 0.0F);
  look.style[1] = 0.7F;
  look.style[2] = 0.1F + 0.2F;  // no short decimal
  look.strength = 0.85F;
  look.keep_colors = 0.5F;
  std::vector<net::LayerEdit>& edits = net::editable_layers(look, layers().size());
  edits[0].gain = 1.5F;
  edits[3].offset = -0.125F;
  edits[3].channel_gamma.assign(static_cast<std::size_t>(layers().layers()[3].channels), 0.0F);
  edits[3].channel_gamma[7] = 1.0F / 3;
  edits[5].style.assign(look.style.size(), 0.0F);
  edits[5].style[4] = 1;
  return look;
}

std::string failure(const std::string& text) {
  try {
    parse_preset(text, "p.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::usage);
    return error.what();
  }
  return "accepted";
}

class Presets : public testing::Test {
 protected:
  Presets() { setenv("XDG_CONFIG_HOME", folder_.path().c_str(), 1); }
  video::test::TemporaryFolder folder_;
};

TEST_F(Presets, ComeBackAsTheyWereSaved) {
  const net::Look look = edited_look();
  const std::filesystem::path file = save_preset("my look", make_preset(live(), layers(), look));
  EXPECT_EQ(file, folder_.path() / "impasto/presets/my look.json");
  EXPECT_THAT(saved_presets(), ElementsAre("my look"));
  for (const std::string& name : {std::string("my look"), file.string()}) {
    const BoundPreset bound = bind_preset(load_preset(name), name, live(), layers());
    EXPECT_EQ(bound.look, look);
    EXPECT_EQ(bound.unmatched, "");
  }
}

TEST_F(Presets, HoldOnlyWhatDiffers) {
  net::Look look = edited_look();
  look.strength = 1;
  look.keep_colors = 0;
  const std::string text = preset_text(make_preset(live(), layers(), look));
  EXPECT_THAT(text, HasSubstr("\"" + live().info().styles[1].name + "\": 0.7"));
  EXPECT_THAT(text, HasSubstr(layers().layers()[0].name));
  EXPECT_THAT(text, Not(HasSubstr(layers().layers()[1].name)));
  EXPECT_THAT(text, Not(HasSubstr(live().info().styles[3].name)));
  EXPECT_THAT(text, Not(HasSubstr("strength")));
  EXPECT_THAT(text, Not(HasSubstr("keep_colors")));
  EXPECT_LT(text.size(), 1000U);
}

TEST_F(Presets, OnAnotherModelTheRestIsNamedInOneLine) {
  Preset preset = make_preset(live(), layers(), edited_look());
  preset.model = "other";
  preset.digest = 1;
  preset.styles->emplace("rococo", 0.5F);
  preset.layers["conv9_norm"].gain = 2;
  preset.layers[layers().layers()[3].name].channels += 4;
  const BoundPreset bound = bind_preset(preset, "p", live(), layers());
  EXPECT_THAT(bound.unmatched, HasSubstr("no style rococo"));
  EXPECT_THAT(bound.unmatched, HasSubstr("no layer conv9_norm"));
  EXPECT_THAT(bound.unmatched,
              HasSubstr("other numbers of channels in " + layers().layers()[3].name));
  EXPECT_THAT(bound.unmatched, HasSubstr("made on other"));
  EXPECT_THAT(bound.unmatched, Not(HasSubstr("\n")));
  preset.model = "live";
  EXPECT_THAT(bind_preset(preset, "p", live(), layers()).unmatched,
              HasSubstr("made on another version of live"));
  net::Look expected = edited_look();
  expected.layers[3].channel_gamma.clear();
  EXPECT_EQ(bound.look, expected);
}

TEST_F(Presets, WithoutAKnownStyleTheDefaultOneIsShown) {
  Preset preset;
  preset.styles = Preset::Weights{{"rococo", 1}};
  EXPECT_EQ(bind_preset(preset, "p", live(), layers()).look.style,
            default_look(live().info()).style);
  preset.styles = Preset::Weights{};
  EXPECT_THAT(bind_preset(preset, "p", live(), layers()).look.style, testing::Each(0));
}

TEST_F(Presets, WhatIsNoneIsRefusedInOneLine) {
  EXPECT_THAT(failure(""), HasSubstr("preset p.json: is no preset"));
  EXPECT_THAT(failure("[1]"), HasSubstr("is no preset"));
  EXPECT_THAT(failure("{\"impasto_preset\": 7}"), HasSubstr("version 7"));
  EXPECT_THAT(failure("{\"impasto_preset\": \"\\n\xff\"}"), Not(HasSubstr("\n")));
  const auto with = [](const std::string& rest) {
    return failure("{\"impasto_preset\": 1, " + rest + "}");
  };
  EXPECT_THAT(with("\"strength\": 1.5"), HasSubstr("strength is no number from 0 to 1"));
  EXPECT_THAT(with("\"strength\": null"), HasSubstr("strength"));
  EXPECT_THAT(with("\"styles\": {\"a\\nb\": \"x\"}"), HasSubstr("styles.a?b"));
  EXPECT_THAT(with("\"styles\": {\"a\": 1e300}"), HasSubstr("styles.a"));
  EXPECT_THAT(with("\"model\": {\"digest\": \"xyz\"}"), HasSubstr("model.digest"));
  EXPECT_THAT(with("\"layers\": {\"n\": 1}"), HasSubstr("layers.n is no JSON object"));
  EXPECT_THAT(with("\"layers\": {\"n\": {\"channels\": 4, \"beta\": {\"4\": 1}}}"),
              HasSubstr("layers.n.beta: '4' is no channel below 4"));
  EXPECT_THAT(with("\"layers\": {\"n\": {\"channels\": 4, \"beta\": {\"-1\": 1}}}"),
              HasSubstr("'-1'"));
  EXPECT_THAT(with("\"layers\": " + std::string(2000, '[') + std::string(2000, ']')),
              HasSubstr("nested"));
}

TEST_F(Presets, DamagedOnesAreReadOrRefusedInOneLine) {
  const std::string whole = preset_text(make_preset(live(), layers(), edited_look()));
  std::mt19937 random(3);
  const auto below = [&](std::size_t count) {
    return std::uniform_int_distribution<std::size_t>(0, count - 1)(random);
  };
  const std::string bytes("{}[]\",:0e-9.a\n\0\xc3\xff", 17);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = whole;
    for (std::size_t change = 0; change <= below(3); ++change) {
      const std::size_t at = below(text.size());
      if (below(3) == 0) {
        text.erase(at, 1 + below(40));
      } else {
        text[at] = bytes[below(bytes.size())];
      }
    }
    try {
      bind_preset(parse_preset(text, "p"), "p", live(), layers());
    } catch (const Error& error) {
      ++refused;
      ASSERT_EQ(error.code(), ExitCode::usage);
      ASSERT_EQ(std::string(error.what()).find_first_of("\n\r"), std::string::npos) << text;
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_LT(refused, 20000);
}

TEST_F(Presets, NamesAreFileNames) {
  for (const char* name : {"", ".", "..", ".hidden", "a/b", "/etc/x", "a\nb"}) {
    EXPECT_THROW(save_preset(name, {}), Error) << name;
  }
  EXPECT_THAT(saved_presets(), ElementsAre());
  save_preset("dusk", {});
  try {
    load_preset("dask");
    FAIL() << "found";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("did you mean 'dusk'?"));
  }
}

TEST_F(Presets, TimesStandBehindAnAt) {
  save_preset("a", make_preset(live(), layers(), edited_look()));
  Preset other = make_preset(live(), layers(), edited_look());
  other.strength = 0.25F;
  save_preset("b@2", other);
  LookOptions options;
  options.presets = {"a@1", "b@2@3"};
  const ChosenLooks chosen = choose_looks(options);
  EXPECT_EQ(chosen.track.at(1), edited_look());
  EXPECT_EQ(chosen.track.at(3).strength, 0.25F);
  EXPECT_FLOAT_EQ(chosen.track.at(2).strength, 0.55F);
  EXPECT_TRUE(chosen.layer_edits);
  for (const std::vector<std::string>& wrong : std::vector<std::vector<std::string>>{
           {"a", "a@1"}, {"a@1", "a@1"}, {"a@-1"}, {"a@inf"}, {"a@1s"}}) {
    options.presets = wrong;
    EXPECT_THROW(choose_looks(options), Error) << wrong.back();
  }
}

TEST_F(Presets, OptionsWinOverThem) {
  save_preset("a", make_preset(live(), layers(), edited_look()));
  LookOptions options;
  options.presets = {"a"};
  options.look.style = live().info().styles[7].name;
  options.look.strength = 0.5;
  const net::Look look = choose_looks(options).track.at(0);
  EXPECT_EQ(look.strength, 0.5F);
  EXPECT_EQ(look.keep_colors, 0.5F);
  EXPECT_EQ(look.style[7], 1);
  EXPECT_EQ(look.layers, edited_look().layers);
}

TEST_F(Presets, FindTheModelThatTheyWereMadeOn) {
  const std::filesystem::path copy = folder_.path() / "mine.onnx";
  std::filesystem::copy_file(IMPASTO_SOURCE_DIR "/app/styles/live.onnx", copy);
  const net::Model model = net::Model::load(copy);
  save_preset("a", make_preset(model, net::LayerTable(model), edited_look()));
  LookOptions options;
  options.presets = {"a"};
  EXPECT_EQ(choose_looks(options).model.info().name, "mine");
  EXPECT_EQ(choose_looks(options).remarks, std::vector<std::string>{});
  std::filesystem::remove(copy);
  Preset preset = load_preset("a");
  EXPECT_EQ(model_of(preset, {}).model, "");
}

}  // namespace
}  // namespace impasto::app
