// SPDX-License-Identifier: Apache-2.0
#include "archive/pax_header.h"

#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>

#include "archive/acl.h"
#include "archive/apply_meta.h"
#include "archive/names.h"

namespace dockerlite::tree {
namespace {

constexpr size_t kBlock = 512;
constexpr size_t kNameRoom = 100;
constexpr int64_t kMaxSevenOctal = 07777777;
constexpr int64_t kMaxElevenOctal = 077777777777;

struct Ustar {
  char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
  char magic[6], version[2], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
static_assert(sizeof(Ustar) == kBlock);

void padToBlock(std::string& out) { out.resize((out.size() + kBlock - 1) / kBlock * kBlock, '\0'); }

// "LENGTH key=value\n", where LENGTH counts itself.
void record(std::string& out, const std::string& key, const std::string& value) {
  size_t rest = key.size() + value.size() + 3;
  size_t total = rest + 1;
  while (total != rest + std::to_string(total).size()) total = rest + std::to_string(total).size();
  out += std::to_string(total) + " " + key + "=" + value + "\n";
}

template <size_t N>
void octal(char (&field)[N], int64_t value) {
  for (size_t i = N - 1; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

template <size_t N>
void text(char (&field)[N], const std::string& value) {
  memcpy(field, value.data(), std::min(value.size(), N));
}

std::string header(char type, const std::string& name, const std::string& link, const Meta& meta, int64_t size) {
  Ustar h = {};
  auto fit = [](int64_t value, int64_t max) { return value < 0 || value > max ? 0 : value; };
  text(h.name, name);
  text(h.link, link);
  octal(h.mode, meta.mode & 07777);
  octal(h.uid, fit(meta.uid, kMaxSevenOctal));
  octal(h.gid, fit(meta.gid, kMaxSevenOctal));
  octal(h.size, fit(size, kMaxElevenOctal));
  octal(h.mtime, fit(meta.mtime.tv_sec, kMaxElevenOctal));
  octal(h.major, major(meta.device));
  octal(h.minor, minor(meta.device));
  h.type = type;
  memcpy(h.magic, "ustar", 6);
  memcpy(h.version, "00", 2);
  memset(h.checksum, ' ', sizeof h.checksum);
  std::string out(reinterpret_cast<const char*>(&h), sizeof h);
  int64_t sum = 0;
  for (char c : out) sum += static_cast<unsigned char>(c);
  octal(h.checksum, sum);
  memcpy(out.data() + offsetof(Ustar, checksum), h.checksum, 7);
  return out;
}

std::string decimalTime(timespec time) {
  int64_t seconds = time.tv_sec;
  long ns = time.tv_nsec;
  bool negative = seconds < 0;
  // -1.5 s is kept as -2 s and 500,000,000 ns.
  if (negative && ns > 0) {
    seconds++;
    ns = 1000000000 - ns;
  }
  auto magnitude = negative ? 0 - static_cast<uint64_t>(seconds) : static_cast<uint64_t>(seconds);
  std::string out = negative ? "-" : "";
  out += std::to_string(magnitude);
  if (ns == 0) return out;
  std::string fraction = std::to_string(ns);
  out += '.';
  out.append(9 - fraction.size(), '0');
  out += fraction;
  out.erase(out.find_last_not_of('0') + 1);
  return out;
}

// ustar does not say what its bytes mean: text that is not ASCII goes where it is UTF-8 by definition.
bool needsRecord(const std::string& value) { return value.size() > kNameRoom || (!isAscii(value) && isUtf8(value)); }

std::string sparseMap(const PaxEntry& entry, int64_t& dataSize) {
  std::vector<Region> regions = entry.regions;
  dataSize = 0;
  for (const Region& region : regions) dataSize += region.size;
  bool endsInHole = regions.empty() || regions.back().offset + regions.back().size != entry.size;
  if (endsInHole) regions.push_back({entry.size, 0});
  std::string map = std::to_string(regions.size()) + "\n";
  for (const Region& region : regions) map += std::to_string(region.offset) + "\n" + std::to_string(region.size) + "\n";
  padToBlock(map);
  return map;
}

std::string sparseName(const std::string& name) {
  auto [directory, base] = splitName(name);
  return joinName(joinName(directory, "GNUSparseFile.0"), base);
}

std::string records(const PaxEntry& entry, const std::string& name, int64_t size) {
  std::string out;
  const Meta& meta = entry.meta;
  bool longName = needsRecord(name), longLink = needsRecord(entry.link);
  if ((longName && !isUtf8(name)) || (longLink && !isUtf8(entry.link))) record(out, "hdrcharset", "BINARY");
  if (entry.sparse) {
    record(out, "GNU.sparse.major", "1");
    record(out, "GNU.sparse.minor", "0");
    record(out, "GNU.sparse.name", entry.name);
    record(out, "GNU.sparse.realsize", std::to_string(entry.size));
  }
  if (longName) record(out, "path", name);
  if (longLink) record(out, "linkpath", entry.link);
  if (meta.uid > kMaxSevenOctal) record(out, "uid", std::to_string(meta.uid));
  if (meta.gid > kMaxSevenOctal) record(out, "gid", std::to_string(meta.gid));
  if (size > kMaxElevenOctal) record(out, "size", std::to_string(size));
  bool oddTime = meta.mtime.tv_nsec != 0 || meta.mtime.tv_sec < 0 || meta.mtime.tv_sec > kMaxElevenOctal;
  if (oddTime) record(out, "mtime", decimalTime(meta.mtime));
  for (const Xattr& attribute : meta.xattrs) {
    record(out, "SCHILY.xattr." + escapeXattrName(attribute.name), attribute.value);
    bool access = attribute.name == kAccessAcl;
    if (!access && attribute.name != kDefaultAcl) continue;
    if (auto text = aclText(attribute.value)) record(out, access ? "SCHILY.acl.access" : "SCHILY.acl.default", *text);
  }
  return out;
}

}  // namespace

std::string paxHeader(const PaxEntry& entry) {
  std::string map;
  int64_t size = entry.type == '0' ? entry.size : 0;
  std::string name = entry.name;
  if (entry.sparse) {
    int64_t dataSize;
    map = sparseMap(entry, dataSize);
    size = static_cast<int64_t>(map.size()) + dataSize;
    name = sparseName(entry.name);
  }
  std::string out;
  std::string extra = records(entry, name, size);
  if (!extra.empty()) {
    Meta own;
    own.mode = 0644;
    own.mtime = {std::max<time_t>(entry.meta.mtime.tv_sec, 0), 0};
    auto length = static_cast<int64_t>(extra.size());
    out = header('x', joinName("PaxHeaders.0", splitName(entry.name).second).substr(0, kNameRoom), "", own, length);
    padToBlock(extra);
    out += extra;
  }
  return out + header(entry.type, name, entry.link, entry.meta, size) + map;
}

}  // namespace dockerlite::tree
