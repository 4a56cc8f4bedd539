// SPDX-License-Identifier: Apache-2.0
#include "supervisor/messages.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "supervisor/frame.h"

namespace dockerlite {
namespace {

template <typename T>
bool Take(T& target, std::optional<T> value) {
  if (!value) return false;
  target = std::move(*value);
  return true;
}

// Ids become directory and control group names.
bool ValidName(std::string_view name) {
  if (name.empty() || name.size() > 128 || name[0] == '.') return false;
  for (char c : name)
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'))
      return false;
  return true;
}

bool TakeRestart(RestartOrders& out, const wire::Field& field) {
  std::optional<uint32_t> value = wire::AsU32(field.data);
  if (field.tag == 21) return Take(out.most, value);
  if (!value || *value > static_cast<uint32_t>(RestartKind::kOnFailure)) return false;
  out.kind = static_cast<RestartKind>(*value);
  return true;
}

// A year is as good as never.
bool TakeNanoseconds(int64_t& out, std::string_view data) {
  constexpr uint64_t kLongest = 366ull * 86400 * 1'000'000'000;
  std::optional<uint64_t> value = wire::AsU64(data);
  if (value) out = static_cast<int64_t>(std::min(*value, kLongest));
  return value.has_value();
}

bool TakeHealth(HealthOrders& out, const wire::Field& field) {
  switch (field.tag) {
    case 23: out.payload = field.data; return true;
    case 24: return TakeNanoseconds(out.interval, field.data);
    case 25: return TakeNanoseconds(out.timeout, field.data);
    case 26: return TakeNanoseconds(out.startPeriod, field.data);
    case 27: return TakeNanoseconds(out.startInterval, field.data);
    case 28: return Take(out.retries, wire::AsU32(field.data));
    default: return Take(out.timeoutMessage, wire::AsString(field.data));
  }
}

bool ValidPath(std::string_view path) { return !path.empty() && path[0] == '/' && path.size() < 4096; }

// "path NUL content"
bool TakeFile(std::vector<std::pair<std::string, std::string>>& files, std::string_view data) {
  size_t end = data.find('\0');
  if (end == data.npos || !ValidPath(data.substr(0, end))) return false;
  files.emplace_back(data.substr(0, end), data.substr(end + 1));
  return true;
}

bool IsNetwork(uint16_t tag) { return tag >= 70 && tag < 90; }

}  // namespace

std::optional<StartRequest> ParseStart(std::string_view body) {
  using wire::AsString, wire::AsU32, wire::AsU64;
  StartRequest out;
  wire::FieldReader fields(body);
  bool ok = true;
  while (auto field = fields.Next()) switch (field->tag) {
      case 1: ok = ok && Take(out.id, AsString(field->data)); break;
      case 2: ok = ok && Take(out.runDir, AsString(field->data)); break;
      case 3: ok = ok && Take(out.logPath, AsString(field->data)) && ValidPath(out.logPath); break;
      case 4:
        out.config.emplace_back();
        ok = ok && Take(out.config.back(), AsString(field->data));
        break;
      case 5: ok = ok && Take(out.exitPath, AsString(field->data)) && ValidPath(out.exitPath); break;
      case 6: out.payload = field->data; break;
      case 7: ok = ok && Take(out.flags, AsU32(field->data)); break;
      case 8: ok = ok && Take(out.logMaxSize, AsU64(field->data)); break;
      case 9: ok = ok && Take(out.logMaxFiles, AsU32(field->data)); break;
      case 40: ok = ok && Take(out.lowestIds, AsU32(field->data)); break;
      case 41: ok = ok && Take(out.highestIds, AsU32(field->data)); break;
      case 11: ok = ok && Take(out.mask, AsU32(field->data)); break;
      case 12: ok = ok && TakeFile(out.files, field->data); break;
      case 20:
      case 21:
        if (!out.restart) out.restart.emplace();
        ok = ok && TakeRestart(*out.restart, *field);
        break;
      case 23: case 24: case 25: case 26: case 27: case 28: case 29: ok = ok && TakeHealth(out.health, *field); break;
      case 30: ok = ok && Take(out.journal, AsString(field->data)) && ValidPath(out.journal); break;
      case 31: ok = ok && Take(out.attributes, AsString(field->data)); break;
      default: ok = ok && (!IsNetwork(field->tag) || out.network.Take(field->tag, field->data));
    }
  while (out.runDir.size() > 1 && out.runDir.back() == '/') out.runDir.pop_back();
  if (!ok || fields.failed() || !ValidName(out.id) || !ValidPath(out.runDir) || out.runDir.size() < 2 ||
      out.logMaxFiles > 1000)
    return std::nullopt;
  return out;
}

std::optional<Request> ParseRequest(FrameType type, std::string_view body) {
  using wire::AsString, wire::AsU32;
  Request out;
  wire::FieldReader fields(body);
  bool ok = true, exec = type == FrameType::kExec;
  while (auto field = fields.Next()) switch (field->tag) {
      case 1:
        ok = ok && (exec ? Take(out.execId, AsString(field->data)) : Take(out.first, AsU32(field->data)));
        break;
      case 2: ok = ok && Take(out.rows, AsU32(field->data)); break;
      case 3: ok = ok && Take(out.columns, AsU32(field->data)); break;
      case 4: ok = ok && Take(out.target, AsString(field->data)); break;
      case 6: out.payload = field->data; break;
      case 7: ok = ok && Take(out.flags, AsU32(field->data)); break;
      case 11: ok = ok && Take(out.mask, AsU32(field->data)); break;
      case 20:
      case 21: ok = ok && TakeRestart(out.restart, *field); break;
      case 22: out.final = true; break;
      case 32: out.stop = true; break;
      case 31: ok = ok && Take(out.attributes, AsString(field->data)); break;
      case 60:
        out.limits.emplace_back();
        ok = ok && Take(out.limits.back(), AsString(field->data));
        break;
      default: ok = ok && (!IsNetwork(field->tag) || out.network.Take(field->tag, field->data));
    }
  if (!ok || fields.failed() || (exec && !ValidName(out.execId))) return std::nullopt;
  return out;
}

void RaiseHardLimits(std::string_view payload) {
  wire::FieldReader fields(payload);
  while (auto field = fields.Next()) {
    unsigned resource;
    unsigned long long soft, hard;
    std::optional<std::string> text = field->tag == 7 ? wire::AsString(field->data) : std::nullopt;
    if (!text || sscanf(text->c_str(), "%u:%llu:%llu", &resource, &soft, &hard) != 3) continue;
    rlimit64 limit{};
    if (prlimit64(0, static_cast<__rlimit_resource>(resource), nullptr, &limit) != 0 || limit.rlim_max >= hard) continue;
    limit.rlim_max = hard;
    prlimit64(0, static_cast<__rlimit_resource>(resource), &limit, nullptr);  // the shim says when there is less
  }
}

std::string PayloadCommand(std::string_view payload) {
  std::string line;
  bool first = true;
  wire::FieldReader fields(payload);
  while (auto field = fields.Next()) {
    if (field->tag != 1) continue;
    if (!std::exchange(first, false)) line += ' ';
    line += field->data;
  }
  return line;
}

std::optional<uint64_t> PayloadCapabilities(std::string_view payload) {
  std::optional<uint64_t> mask;
  wire::FieldReader fields(payload);
  while (auto field = fields.Next())
    if (field->tag == 11) mask = wire::AsU64(field->data);
  return mask;
}

}  // namespace dockerlite
