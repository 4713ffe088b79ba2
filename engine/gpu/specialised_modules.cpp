#include "engine/gpu/specialised_modules.h"

#include <algorithm>
#include <cstring>
#include <set>
#include <spirv-tools/optimizer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/base/files.h"
#include "engine/gpu/fingerprint.h"

namespace impasto::gpu {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::uint32_t>;

// Counts up whenever specialise() gives other words for the same code.
constexpr std::uint32_t revision = 2;
// About 20 MB. Files of former programs are never asked for again, so that all go at once.
constexpr std::ptrdiff_t most_files = 512;

// Unrolling more than this takes longer at the first start than drivers do at a later one.
constexpr std::size_t most_words_to_unroll = 8192;

/// Empty where the code is not valid.
Words run(spvtools::Optimizer& optimizer, std::span<const std::uint32_t> code) {
  spvtools::OptimizerOptions options;
  options.set_run_validator(false);  // tests do
  Words words;
  return optimizer.Run(code.data(), code.size(), &words, options) ? words : Words{};
}

// Here and in unroll() only passes that leave arithmetic as it is: none that simplifies or
// reorders. Operations on constants alone are done here, rounded as a device rounds them.
Words freeze(std::span<const std::uint32_t> code, std::span<const std::uint32_t> constants) {
  std::unordered_map<std::uint32_t, Words> values;
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
  return run(optimizer, code);
}

// Of SPIR-V 1.6 (2.3, 3.20, 3.49): an instruction's first word has its length and its opcode.
constexpr std::size_t header_words = 5;
constexpr std::uint32_t op_decorate = 71;
constexpr std::uint32_t no_contraction = 42;
constexpr std::uint32_t first_arithmetic = 126;
constexpr std::uint32_t last_arithmetic = 148;

/// Calls visit(index of its first word, opcode) for every instruction.
template <class Visit>
void for_each_instruction(const Words& words, Visit visit) {
  for (std::size_t i = header_words; i < words.size(); i += std::max(1U, words[i] >> 16)) {
    visit(i, words[i] & 0xFFFF);
  }
}

/// `precise` in a shader: what may not be computed in another way.
std::set<std::uint32_t> precise_results(const Words& words) {
  std::set<std::uint32_t> results;
  for_each_instruction(words, [&](std::size_t i, std::uint32_t opcode) {
    if (opcode == op_decorate && words[i + 2] == no_contraction) results.insert(words[i + 1]);
  });
  return results;
}

// SPIRV-Tools 2023.1 leaves copies of an unrolled instruction without its decorations. So where one
// addition of `before` is precise, all of `after` are, and so on: more than there were.
Words keep_precise(const Words& before, Words after) {
  const std::set<std::uint32_t> precise = precise_results(before);
  std::set<std::uint32_t> opcodes;
  for_each_instruction(before, [&](std::size_t i, std::uint32_t opcode) {
    const bool arithmetic = opcode >= first_arithmetic && opcode <= last_arithmetic;
    if (arithmetic && precise.contains(before[i + 2])) opcodes.insert(opcode);
  });
  if (opcodes.empty()) return after;
  const std::set<std::uint32_t> still_precise = precise_results(after);
  Words decorations;
  std::size_t first_decoration = after.size();
  for_each_instruction(after, [&](std::size_t i, std::uint32_t opcode) {
    if (opcode == op_decorate) first_decoration = std::min(first_decoration, i);
    if (!opcodes.contains(opcode) || still_precise.contains(after[i + 2])) return;
    decorations.insert(decorations.end(), {3U << 16 | op_decorate, after[i + 2], no_contraction});
  });
  after.insert(after.begin() + static_cast<std::ptrdiff_t>(first_decoration), decorations.begin(),
               decorations.end());
  return after;
}

// The loops that the shader marks so, which drivers unroll one nesting at a time, with all their
// passes after each, at every start.
Words unroll(const Words& code) {
  spvtools::Optimizer optimizer(SPV_ENV_VULKAN_1_3);
  optimizer
      .RegisterPass(spvtools::CreateSSARewritePass())  // counters, as the next pass needs them
      .RegisterPass(spvtools::CreateLoopUnrollPass(true))
      .RegisterPass(spvtools::CreateCCPPass())
      .RegisterPass(spvtools::CreateDeadBranchElimPass())
      .RegisterPass(spvtools::CreateBlockMergePass())
      .RegisterPass(spvtools::CreateScalarReplacementPass(0))  // arrays that counters indexed
      .RegisterPass(spvtools::CreateSSARewritePass())
      .RegisterPass(spvtools::CreateAggressiveDCEPass());
  return keep_precise(code, run(optimizer, code));
}

Words specialise(std::span<const std::uint32_t> code, std::span<const std::uint32_t> constants) {
  const Words words = freeze(code, constants);
  return words.size() > most_words_to_unroll ? words : unroll(words);
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
