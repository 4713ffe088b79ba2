#include "app/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <memory>

#include "app/cli/apply.h"
#include "app/cli/bench.h"
#include "app/cli/inspect.h"
#include "app/cli/lists.h"
#include "app/cli/signals.h"
#include "app/live/live.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/graph/conv_families.h"

namespace impasto::app {
namespace {

constexpr int largest_side = 16384;

/// Set by the command that was given.
using Command = std::function<ExitCode()>;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// fp32 until fp16 has been measured to pay on a device.
const std::map<std::string, graph::Precision> precisions{{"auto", graph::Precision::fp32},
                                                         {"fp32", graph::Precision::fp32},
                                                         {"fp16", graph::Precision::fp16}};

void add_model_options(CLI::App& command, ModelChoice& model) {
  auto* pack =
      command.add_option("--pack", model.pack, "Pack of styles")->default_str(default_pack);
  command.add_option("--model", model.model, "ONNX file instead of a pack")->excludes(pack);
  command.add_option("--input-range", model.input_range,
                     "Values of the network's input, as 0..255, where the file does not say");
  command.add_option("--output-range", model.output_range, "The same of its output");
}

/// FILE[@SECONDS], any number of times.
void add_preset_option(CLI::App& command, std::vector<std::string>& presets) {
  command
      .add_option("--preset", presets,
                  "Saved look, by file or name; several with times change over in between")
      ->type_name("FILE[@SECONDS]")
      ->allow_extra_args(false);
}

void add_look_options(CLI::App& command, LookOptions& looks) {
  add_model_options(command, looks.model);
  LookChoice& look = looks.look;
  auto* style = command.add_option("--style", look.style, "Style (impasto styles lists them)");
  command.add_option("--mix", look.mix, "Weighted styles, as starry_night=0.7,great_wave=0.3")
      ->excludes(style);
  command.add_option("--strength", look.strength, "0: the source, 1: the stylised picture")
      ->check(CLI::Range(0.0, 1.0))
      ->default_str("1");
  command.add_flag("--keep-colors", look.keep_colors, "Keep the source's colours, paint the luma");
  add_preset_option(command, looks.presets);
}

const std::map<std::string, Tuning> tunings{
    {"off", Tuning::off}, {"kept", Tuning::kept}, {"on", Tuning::on}, {"again", Tuning::again}};

void add_device_options(CLI::App& command, StylizerOptions& options) {
  command.add_option("--device", options.device,
                     "Number or part of the name of a device (impasto devices lists them)");
  command.add_option("--precision", options.precision, "Of stored activations: auto, fp32, fp16")
      ->transform(CLI::CheckedTransformer(precisions, CLI::ignore_case).description(""))
      ->default_str("auto");
  options.tuning = Tuning::kept;
  options.keep_tuning = [] { return !stop_requested(); };
  command
      .add_option("--tune", options.tuning,
                  "Kernels: off: the built-in choice; kept: the fastest, where some were timed on "
                  "this device before; on: time those that were not; again: time all")
      ->transform(CLI::CheckedTransformer(tunings).description("off|kept|on|again"))
      ->default_str("kept");
}

const std::map<std::string, graph::ConvFamily> conv_families{
    {"auto", graph::ConvFamily::automatic},
    {"shuffle", graph::ConvFamily::shuffle},
    {"tiled", graph::ConvFamily::tiled},
    {"generic", graph::ConvFamily::generic}};

/// For measurements; --conv: "tiled" or "tiled:L+prefetch".
void add_kernel_options(CLI::App& command, StylizerOptions& options) {
  command
      .add_option_function<std::string>(
          "--conv",
          [&options](const std::string& text) {
            const std::size_t colon = text.find(':');
            const auto family = conv_families.find(text.substr(0, colon));
            const std::string shape = colon == std::string::npos ? "" : text.substr(colon + 1);
            const std::vector<std::string> shapes = graph::tiled_shapes();
            if (family == conv_families.end() ||
                (!shape.empty() && (family->second != graph::ConvFamily::tiled ||
                                    std::ranges::find(shapes, shape) == shapes.end()))) {
              throw CLI::ValidationError("--conv", "'" + text + "' is no kernel of convolutions");
            }
            options.conv_family = family->second;
            options.tiled_shape = shape;
          },
          "Kernels of convolutions, where they can: auto, shuffle, tiled, generic, or a shape of "
          "tiles as tiled:L+prefetch (L M H P S N T E, +prefetch, +memory)")
      ->default_str("auto");
  command
      .add_option_function<std::string>(
          "--reads",
          [&options](const std::string& text) {
            if (text != "auto") options.texel_reads = text == "texel";
          },
          "How kernels read tensors: auto, texel (texel buffers), storage (storage buffers)")
      ->check(CLI::IsMember({"auto", "texel", "storage"}).description(""))
      ->default_str("auto");
}

/// "640x360" into two numbers.
void add_size_option(CLI::App& command, int& width, int& height,
                     const std::string& description = "Size of the frame") {
  auto* option = command.add_option_function<std::string>(
      "--size",
      [&width, &height](const std::string& text) {
        char rest = 0;
        if (std::sscanf(text.c_str(), "%dx%d%c", &width, &height, &rest) != 2 || width < 1 ||
            height < 1 || width > largest_side || height > largest_side) {
          throw CLI::ValidationError("--size", "'" + text + "' is no size such as 640x360");
        }
      },
      description);
  if (width > 0) option->default_str(std::to_string(width) + "x" + std::to_string(height));
}

void add_height_option(CLI::App& command, int& height) {
  command
      .add_option("--height", height,
                  "Lines that the network works at; the output keeps the source's size")
      ->check(CLI::Range(16, largest_side));
}

/// KEY=VALUE, any number of times.
void add_pairs_option(CLI::App& command, const std::string& name, Pairs& pairs,
                      const std::string& description) {
  command
      .add_option_function<std::vector<std::string>>(
          name,
          [&pairs, name](const std::vector<std::string>& entries) {
            for (const std::string& entry : entries) {
              const std::size_t equals = entry.find('=');
              if (equals == 0 || equals == std::string::npos) {
                throw CLI::ValidationError(name, "'" + entry + "' is not KEY=VALUE");
              }
              pairs.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
            }
          },
          description)
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

void add_apply(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("apply", "Stylise a video, an image or a pipe");
  auto options = std::make_shared<ApplyOptions>();
  command
      ->add_option("IN", options->source.input,
                   "Video, image, pattern (%04d.png), - (y4m pipe), lavfi:GRAPH, v4l2:/dev/video0, "
                   "x11grab::0.0")
      ->required();
  command->add_option("OUT", options->sink.output, "Video, image, pattern or - (y4m pipe)")
      ->required();
  add_look_options(*command, options->looks);
  add_height_option(*command, options->stylizer.network_height);
  command->add_option("--out-height", options->out_height, "Lines of the output")
      ->check(CLI::Range(16, largest_side));
  command->add_option("--frames", options->source.frame_limit, "Stop after so many frames")
      ->check(CLI::PositiveNumber);
  command->add_option("--codec", options->sink.codec, "Encoder, as FFmpeg names it");
  command->add_option("--crf", options->sink.crf, "Constant quality of the encoder");
  command->add_option("--encoder-preset", options->sink.preset, "Speed preset of the encoder");
  command->add_option("--pixel-format", options->sink.pixel_format,
                      "Of the output, as FFmpeg names it");
  add_pairs_option(*command, "--encoder-option", options->sink.encoder_options,
                   "Further option of the encoder, as FFmpeg names it");
  add_pairs_option(*command, "--input-option", options->source.input_options,
                   "Option of the input (framerate, video_size ...)");
  command->add_flag("-y", options->sink.overwrite, "Overwrite OUT");
  add_device_options(*command, options->stylizer);
  command
      ->add_option("--parallel", options->parallel,
                   "Frames at a time on a CPU driver, each in memory of its own; 0: one per core, "
                   "4 at most")
      ->check(CLI::Range(0, 64));
  command->add_flag("--quiet,-q", options->quiet, "Errors only");
  command->callback([options, &chosen] {
    chosen = [options] {
      log::set_quiet(options->quiet);
      return apply(*options);
    };
  });
}

void add_live(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("live", "Stylise a camera or a file in a window");
  auto options = std::make_shared<live::LiveCommand>();
  command->add_option("IN", options->input,
                      "Any IN of apply, x11grab:DISPLAY; default: the last one, or a camera");
  add_look_options(*command, options->looks);
  command
      ->add_option("--height", options->network_height,
                   "Lines that the network works at, 0: those of the source")
      ->check(CLI::Range(0, largest_side));
  add_pairs_option(*command, "--input-option", options->input_options,
                   "Option of the input (framerate, video_size ...)");
  command->add_flag("--paused", options->paused, "A file begins paused at its first frame");
  add_size_option(*command, options->window_width, options->window_height, "Size of the window");
  command->add_flag("--full-screen", options->full_screen, "Begin with the full screen");
  command->add_option("--scale", options->scale, "Of the panel; default: the display's")
      ->check(CLI::Range(0.75, 4.0));
  add_device_options(*command, options->stylizer);
  command->callback([options, &chosen] {
    chosen = [options] {
      options->stop = &stop_requested();
      live::live(*options);
      return stop_outcome();
    };
  });
}

void add_lists(CLI::App& app, Command& chosen) {
  const auto add = [&](const char* name, const char* description, void (*list)(bool)) {
    CLI::App* command = app.add_subcommand(name, description);
    auto as_json = std::make_shared<bool>(false);
    command->add_flag("--json", *as_json, "One JSON object on stdout");
    command->callback([as_json, list, &chosen] {
      chosen = [as_json, list] {
        list(*as_json);
        return ExitCode::ok;
      };
    });
  };
  add("styles", "What is shipped, per pack", list_styles);
  add("devices", "Vulkan devices and what each gets; cameras", list_devices_here);
}

void add_bench(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("bench", "Time a model on this device, pass by pass");
  auto options = std::make_shared<BenchOptions>();
  add_look_options(*command, options->looks);
  add_size_option(*command, options->width, options->height);
  add_height_option(*command, options->stylizer.network_height);
  command->add_option("--frames", options->frames, "Frames to time, after 2")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  add_device_options(*command, options->stylizer);
  add_kernel_options(*command, options->stylizer);
  command->add_flag("--json", options->as_json, "One JSON object on stdout");
  command->callback([options, &chosen] {
    chosen = [options] {
      bench(*options);
      return stop_outcome();
    };
  });
}

void add_inspect(CLI::App& app, Command& chosen) {
  CLI::App* command = app.add_subcommand("inspect", "Show what a model is and compiles to");
  auto options = std::make_shared<InspectOptions>();
  command->add_option("FILE", options->looks.model.model, "ONNX file")->required();
  add_preset_option(*command, options->looks.presets);
  add_size_option(*command, options->width, options->height);
  command->add_flag("--graph", options->with_graph,
                    "The compiled passes, one line each, and what they ask of a device");
  command->add_flag("--dot", options->as_dot, "The compiled passes as a drawing for graphviz");
  add_device_options(*command, options->stylizer);
  add_kernel_options(*command, options->stylizer);
  command->add_flag("--json", options->as_json, "One JSON object on stdout");
  command->callback([options, &chosen] {
    chosen = [options] {
      inspect(*options);
      return ExitCode::ok;
    };
  });
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"Impasto paints video, live, with neural networks on Vulkan.", "impasto"};
  app.set_version_flag("--version", std::string("impasto ") + IMPASTO_VERSION);
  app.require_subcommand(1);
  Command chosen;
  add_apply(app, chosen);
  add_live(app, chosen);
  add_lists(app, chosen);
  add_bench(app, chosen);
  add_inspect(app, chosen);
  try {
    app.parse(argc, argv);
    install_signal_handlers();
    return static_cast<int>(chosen());
  } catch (const CLI::Success& success) {
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    log::error(std::string(error.what()) + "; impasto --help shows the options");
    return static_cast<int>(ExitCode::usage);
  } catch (const Error& error) {
    log::error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    log::error(std::string(error.what()) + "; please report this");
    return 1;
  }
}

}  // namespace impasto::app
