// SPDX-License-Identifier: Apache-2.0
#include "seccomp/compact.h"

#include <linux/seccomp.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>

namespace dockerlite::seccomp {
namespace {

constexpr uint16_t kLoad = BPF_LD | BPF_W | BPF_ABS;
constexpr uint16_t kReturn = BPF_RET | BPF_K;
constexpr uint16_t kGoto = BPF_JMP | BPF_JA;
// A jump to the copy of an instruction of the old program, until it is known where that lies.
constexpr uint16_t kOld = 0xffff;
constexpr uint32_t kNumber = offsetof(seccomp_data, nr), kArchitecture = offsetof(seccomp_data, arch);
constexpr size_t kFar = 255;  // the farthest a comparison can jump

// What a call leads to: a verdict, or the first instruction that looks at more than its number.
struct Outcome {
  bool verdict = false;
  uint32_t value = 0;
  bool operator==(const Outcome&) const = default;
};

bool IsComparison(const sock_filter& step) {
  if (BPF_CLASS(step.code) != BPF_JMP || BPF_SRC(step.code) != BPF_K) return false;
  return BPF_OP(step.code) == BPF_JEQ || BPF_OP(step.code) == BPF_JGT || BPF_OP(step.code) == BPF_JGE;
}

bool Holds(const sock_filter& step, uint32_t value) {
  if (BPF_OP(step.code) == BPF_JEQ) return value == step.k;
  return BPF_OP(step.code) == BPF_JGT ? value > step.k : value >= step.k;
}

// nullopt where the program does what is not known here.
std::optional<Outcome> Follow(const Code& code, uint32_t audit, uint32_t number) {
  uint32_t loaded = 0;
  for (size_t at = 0; at < code.size(); at++) {
    const sock_filter& step = code[at];
    if (step.code == kReturn) return Outcome{true, step.k};
    if (step.code == kLoad && step.k != kNumber && step.k != kArchitecture)
      return Outcome{false, static_cast<uint32_t>(at)};
    if (step.code == kLoad)
      loaded = step.k == kNumber ? number : audit;
    else if (step.code == kGoto)
      at += step.k;
    else if (IsComparison(step))
      at += Holds(step, loaded) ? step.jt : step.jf;
    else
      return std::nullopt;
  }
  return std::nullopt;
}

// Between two of these the program tells no numbers apart.
std::set<uint32_t> Borders(const Code& code) {
  std::set<uint32_t> borders{0};
  for (auto& step : code) {
    if (!IsComparison(step)) continue;
    borders.insert(step.k);
    if (step.k != UINT32_MAX) borders.insert(step.k + 1);
  }
  return borders;
}

struct Range {
  uint32_t first;
  Outcome outcome;
};

std::optional<std::vector<Range>> Ranges(const Code& code, const std::set<uint32_t>& borders, uint32_t audit) {
  std::vector<Range> ranges;
  for (uint32_t first : borders) {
    std::optional<Outcome> outcome = Follow(code, audit, first);
    if (!outcome) return std::nullopt;
    if (ranges.empty() || ranges.back().outcome != *outcome) ranges.push_back({first, *outcome});
  }
  return ranges;
}

void Append(Code& code, const Code& more) { code.insert(code.end(), more.begin(), more.end()); }

// A tree of comparisons over the ranges [from, to).
Code Tree(const std::vector<Range>& ranges, size_t from, size_t to) {
  if (to - from == 1) {
    const Outcome& outcome = ranges[from].outcome;
    return {BPF_STMT(outcome.verdict ? kReturn : kOld, outcome.value)};
  }
  const size_t middle = from + (to - from) / 2;
  const Code below = Tree(ranges, from, middle), rest = Tree(ranges, middle, to);
  const uint32_t border = ranges[middle].first;
  Code code;
  if (below.size() <= kFar) {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, border, static_cast<uint8_t>(below.size()), 0));
  } else {
    code.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, border, 0, 1));
    code.push_back(BPF_STMT(kGoto, static_cast<uint32_t>(below.size())));
  }
  Append(code, below);
  Append(code, rest);
  return code;
}

// What can be reached from there, in the order it has.
void Reach(const Code& code, size_t at, std::set<size_t>& reached) {
  for (; at < code.size() && reached.insert(at).second; at++) {
    const sock_filter& step = code[at];
    if (BPF_CLASS(step.code) == BPF_RET) return;
    if (step.code == kGoto) {
      at += step.k;
    } else if (BPF_CLASS(step.code) == BPF_JMP) {
      Reach(code, at + 1 + step.jt, reached);
      at += step.jf;
    }
  }
}

}  // namespace

Code Compact(const Code& code, const std::vector<uint32_t>& audits) {
  const std::set<uint32_t> borders = Borders(code);
  Code compact{BPF_STMT(kLoad, kArchitecture)};
  for (uint32_t audit : std::set<uint32_t>(audits.begin(), audits.end())) {
    auto ranges = Ranges(code, borders, audit);
    if (!ranges) return code;
    const Code tree = Tree(*ranges, 0, ranges->size());
    compact.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, audit, 1, 0));
    compact.push_back(BPF_STMT(kGoto, static_cast<uint32_t>(tree.size() + 1)));
    compact.push_back(BPF_STMT(kLoad, kNumber));
    Append(compact, tree);
  }
  uint32_t other = 0;
  while (std::ranges::find(audits, other) != audits.end()) other++;
  auto foreign = Ranges(code, borders, other);
  if (!foreign || foreign->size() != 1 || !foreign->front().outcome.verdict) return code;
  compact.push_back(BPF_STMT(kReturn, foreign->front().outcome.value));

  std::set<size_t> reached;
  for (auto& step : compact)
    if (step.code == kOld) Reach(code, step.k, reached);
  std::map<size_t, size_t> places;
  for (size_t old : reached) places[old] = compact.size() + places.size();
  for (size_t at = 0; at < compact.size(); at++)
    if (compact[at].code == kOld) compact[at] = BPF_STMT(kGoto, static_cast<uint32_t>(places[compact[at].k] - at - 1));
  // What is left out in between only makes jumps shorter.
  for (size_t old : reached) {
    sock_filter step = code[old];
    auto distance = [&](size_t target) { return places[target] - places[old] - 1; };
    if (step.code == kGoto) {
      step.k = static_cast<uint32_t>(distance(old + 1 + step.k));
    } else if (BPF_CLASS(step.code) == BPF_JMP) {
      step.jt = static_cast<uint8_t>(distance(old + 1 + step.jt));
      step.jf = static_cast<uint8_t>(distance(old + 1 + step.jf));
    }
    compact.push_back(step);
  }
  return compact.size() < code.size() ? compact : code;
}

}  // namespace dockerlite::seccomp
