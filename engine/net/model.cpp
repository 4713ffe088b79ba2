#include "engine/net/model.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <new>

#include "engine/base/error.h"
#include "engine/net/onnx_file.h"
#include "engine/net/onnx_graph.h"
#include "engine/net/onnx_patterns.h"

namespace impasto::net {
namespace {

/// A file mapped for reading: a large file that is no model costs no memory.
class MappedFile {
 public:
  explicit MappedFile(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat status {};
    if (descriptor >= 0 && ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode)) {
      size_ = static_cast<std::size_t>(status.st_size);
      if (size_ > 0) {
        void* mapped = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor, 0);
        data_ = mapped == MAP_FAILED ? nullptr : mapped;
      }
      opened_ = size_ == 0 || data_ != nullptr;
    }
    if (descriptor >= 0) ::close(descriptor);
    if (!opened_)
      throw Error(ExitCode::model, printable(path.string(), 4096) + ": cannot be read as a file");
  }
  ~MappedFile() {
    if (data_) ::munmap(data_, size_);
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  std::span<const std::byte> bytes() const { return {static_cast<std::byte*>(data_), size_}; }

 private:
  void* data_ = nullptr;
  std::size_t size_ = 0;
  bool opened_ = false;
};

// The size at which a model of open size is tried when it is loaded; not square, so that rows and
// columns cannot be mixed up unseen.
constexpr int trial_height = 192;
constexpr int trial_width = 256;
// How much larger the second trial of a model of stated size is: many networks halve up to six
// times.
constexpr int trial_step = 64;

constexpr std::size_t longest_path = 4096;

int rounded_up(int size, int multiple) {
  return (size + multiple - 1) / multiple * multiple;
}

Net build_net(const std::shared_ptr<const OnnxFile>& file, int height, int width,
              BatchNorms batch_norms = BatchNorms::folded) {
  Net net = GraphBuilder(file, height, width).run();
  simplify(net, batch_norms == BatchNorms::folded);
  return net;
}

struct Size {
  int height = 0;
  int width = 0;
};

Size sample_size(const OnnxFile& file) {
  const ImageInput& image = file.image;
  const int multiple = file.info.size_multiple;
  return {image.height > 0 ? image.height : rounded_up(trial_height, multiple),
          image.width > 0 ? image.width : rounded_up(trial_width, multiple)};
}

/// A larger frame gives an output that is larger in the same ratio.
bool grows(int in_before, int in_after, int out_before, int out_after) {
  const double expected = static_cast<double>(in_after - in_before) * out_before / in_before;
  return std::abs(out_after - out_before - expected) <= 2;
}

/// Whether a model exported for one size runs at another and means the same there.
bool runs_at_any_size(const std::shared_ptr<const OnnxFile>& file, const Net& stated) {
  const ImageInput& image = file->image;
  const int height = image.height + trial_step;
  const int width = image.width + 2 * trial_step;
  try {
    const Net larger = build_net(file, height, width);
    const Value& before = stated.value(stated.output);
    const Value& after = larger.value(larger.output);
    return grows(image.height, height, before.height, after.height) &&
           grows(image.width, width, before.width, after.width);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace

struct Model::Parsed {
  std::shared_ptr<OnnxFile> file;
};

Model::Model(std::unique_ptr<Parsed> parsed) : parsed_(std::move(parsed)) {}
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model Model::load(const std::filesystem::path& file) {
  const MappedFile mapped(file);
  // A bare name has the working folder as its folder.
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  Model model = parse(mapped.bytes(), file.string(), folder);
  model.parsed_->file->info.name = file.stem().string();
  return model;
}

Model Model::parse(std::span<const std::byte> bytes, const std::string& name,
                   const std::filesystem::path& folder) {
  auto parsed = std::make_unique<Parsed>();
  parsed->file = std::make_shared<OnnxFile>();
  OnnxFile& file = *parsed->file;
  file.info.name = std::filesystem::path(name).stem().string();
  file.info.file = name;
  try {
    read_model(bytes, folder, file);
  } catch (const Refusal& refusal) {
    throw Error(ExitCode::model, printable(name, longest_path) + ": " + refusal.what());
  } catch (const std::bad_alloc&) {
    throw Error(ExitCode::model, printable(name, longest_path) + ": not enough memory");
  }
  if (!file.style.name.empty() && file.info.styles.empty()) {
    for (int i = 0; i < file.style.count; ++i) {
      file.info.styles.push_back({"style_" + std::to_string(i), {}, {}, {}});
    }
  }
  const ImageInput& image = file.image;
  const Size size = sample_size(file);
  const Net net = build_net(parsed->file, size.height, size.width);
  if (image.height > 0 && image.width > 0 && !runs_at_any_size(parsed->file, net)) {
    file.info.fixed_height = image.height;
    file.info.fixed_width = image.width;
  }
  return Model(std::move(parsed));
}

const ModelInfo& Model::info() const {
  return parsed_->file->info;
}

void Model::override_ranges(const std::optional<ValueRange>& input,
                            const std::optional<ValueRange>& output) {
  ModelInfo& info = parsed_->file->info;
  info.input_range = input.value_or(info.input_range);
  info.output_range = output.value_or(info.output_range);
}

Net Model::build_sample(BatchNorms batch_norms) const {
  const Size size = sample_size(*parsed_->file);
  return build_net(parsed_->file, size.height, size.width, batch_norms);
}

Net Model::build(int height, int width, BatchNorms batch_norms) const {
  const ModelInfo& info = parsed_->file->info;
  if (height < 1 || width < 1) {
    throw Error(ExitCode::model, printable(info.file, longest_path) + ": a frame of " +
                                     std::to_string(width) + "x" + std::to_string(height) +
                                     " has no pixels");
  }
  if (info.fixed_height > 0 && (height != info.fixed_height || width != info.fixed_width)) {
    throw Error(ExitCode::model, printable(info.file, longest_path) + ": runs at " +
                                     std::to_string(info.fixed_width) + "x" +
                                     std::to_string(info.fixed_height) + " only, not at " +
                                     std::to_string(width) + "x" + std::to_string(height));
  }
  return build_net(parsed_->file, height, width, batch_norms);
}

std::uint64_t Model::digest() const {
  return parsed_->file->digest;
}

}  // namespace impasto::net
