#include "engine/gpu/specialised_modules.h"

#include <cstring>
#include <spirv-tools/optimizer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/files.h"
#include "engine/gpu/fingerprint.h"

namespace impasto::gpu {
namespace {

namespace fs = std::filesystem;

// Counts up whenever specialise() gives other words for the same code.
constexpr std::uint32_t revision = 1;
// About 10 MB. Files of former programs are never asked for again, so that all go at once.
constexpr std::ptrdiff_t most_files = 512;

// Only passes that leave arithmetic as it is: none that simplifies or reorders. Operations
// on constants alone are done here, rounded as a device rounds them.
std::vector<std::uint32_t> specialise(std::span<const std::uint32_t> code,
                                      std::span<const std::uint32_t> constants) {
  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> values;
  for (std::uint32_t id = 0; id < constants.size(); ++id) values[id] = {constants[id]};
  spvtools::Optimizer optimizer(SPV_ENV_VULKAN_1_3);
  optimizer.RegisterPass(spvtools::CreateSetSpecConstantDefaultValuePass(values))
      .RegisterPass(spvtools::CreateFreezeSpecConstantValuePass())
      .RegisterPass(spvtools::CreateFoldSpecConstantOpAndCompositePass())
      .RegisterPass(spvtools::CreateDeadBranchElimPass())
      .RegisterPass(spvtools::CreateEliminateDeadFunctionsPass())
      .RegisterPass(spvtools::CreateMergeReturnPass())
      .RegisterPass(spvtools::CreateInlineExhaustivePass())
      .RegisterPass(spvtools::CreateEliminateDeadFunctionsPass())
      .RegisterPass(spvtools::CreatePrivateToLocalPass())
      .RegisterPass(spvtools::CreateLocalSingleBlockLoadStoreElimPass())
      .RegisterPass(spvtools::CreateLocalSingleStoreElimPass())
      .RegisterPass(spvtools::CreateCCPPass())  // what inlined calls hand on
      .RegisterPass(spvtools::CreateDeadBranchElimPass())
      .RegisterPass(spvtools::CreateAggressiveDCEPass())
      .RegisterPass(spvtools::CreateBlockMergePass());
  spvtools::OptimizerOptions options;
  options.set_run_validator(false);  // tests do
  std::vector<std::uint32_t> words;
  return optimizer.Run(code.data(), code.size(), &words, options) ? words
                                                                  : std::vector<std::uint32_t>{};
}

}  // namespace

fs::path SpecialisedModules::file(std::uint64_t fingerprint) const {
  return folder_ / (std::to_string(fingerprint) + ".spv");
}

SpecialisedModules::Words SpecialisedModules::read(std::uint64_t fingerprint) const try {
  if (folder_.empty() || !files::file_exists(file(fingerprint))) return {};
  const std::string content = files::read_file(file(fingerprint), ExitCode::gpu);
  std::uint64_t hash = 0;
  if (content.size() < sizeof hash || content.size() % 4 != 0) return {};
  std::memcpy(&hash, content.data(), sizeof hash);
  const std::string_view bytes = std::string_view(content).substr(sizeof hash);
  if (hash != gpu::fingerprint(bytes)) return {};
  Words words(bytes.size() / 4);
  std::memcpy(words.data(), bytes.data(), bytes.size());
  return words;
} catch (...) {
  return {};
}

void SpecialisedModules::write(std::uint64_t fingerprint, const Words& words) const try {
  if (folder_.empty()) return;
  if (fs::exists(folder_) &&
      std::distance(fs::directory_iterator(folder_), fs::directory_iterator()) >= most_files) {
    fs::remove_all(folder_);
  }
  const std::string_view bytes(reinterpret_cast<const char*>(words.data()), words.size() * 4);
  const std::uint64_t hash = gpu::fingerprint(bytes);
  std::string content(reinterpret_cast<const char*>(&hash), sizeof hash);
  files::write_file(file(fingerprint), content.append(bytes), ExitCode::gpu);
} catch (...) {
  return;  // the next run specialises again
}

std::span<const std::uint32_t> SpecialisedModules::find(std::span<const std::uint32_t> code,
                                                        std::span<const std::uint32_t> constants) {
  Words all(code.begin(), code.end());
  all.insert(all.end(), constants.begin(), constants.end());
  all.push_back(revision);
  const std::uint64_t fingerprint =
      gpu::fingerprint({reinterpret_cast<const char*>(all.data()), all.size() * 4});
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = modules_.find(fingerprint); found != modules_.end()) {
      return found->second;
    }
  }
  Words words = read(fingerprint);
  if (words.empty()) {
    words = specialise(code, constants);
    if (!words.empty()) write(fingerprint, words);
  }
  const std::lock_guard lock(mutex_);
  return modules_.emplace(fingerprint, std::move(words)).first->second;
}

}  // namespace impasto::gpu
