// SPDX-License-Identifier: Apache-2.0
#include "archive/acl.h"

#include <algorithm>
#include <cstdint>

#include "archive/apply_meta.h"

namespace dockerlite::tree {
namespace {

constexpr uint32_t kVersion = 2;  // POSIX_ACL_XATTR_VERSION

struct Item {
  uint16_t tag;
  uint16_t permissions;
  uint32_t id;
};

// The kernel's numbers, which also give the order it wants: 1 owner, 2 user, 4 group of the owner, 8 group, 16 mask, 32 other.
uint16_t kernelTag(int tag) {
  switch (tag) {
    case ARCHIVE_ENTRY_ACL_USER_OBJ: return 1;
    case ARCHIVE_ENTRY_ACL_USER: return 2;
    case ARCHIVE_ENTRY_ACL_GROUP_OBJ: return 4;
    case ARCHIVE_ENTRY_ACL_GROUP: return 8;
    case ARCHIVE_ENTRY_ACL_MASK: return 16;
    case ARCHIVE_ENTRY_ACL_OTHER: return 32;
    default: return 0;
  }
}

void append(std::string& out, uint32_t value, int bytes) {
  for (int i = 0; i < bytes; i++) out += static_cast<char>(value >> (8 * i));
}

uint32_t number(const std::string& in, size_t at, int bytes) {
  uint32_t value = 0;
  for (int i = bytes; i-- > 0;) value = value << 8 | static_cast<unsigned char>(in[at + static_cast<size_t>(i)]);
  return value;
}

std::optional<std::string> encode(archive_entry* entry, int wanted) {
  std::vector<Item> items;
  if (archive_entry_acl_reset(entry, wanted) == 0) return std::nullopt;
  int type, permissions, tag, id;
  const char* name;
  while (archive_entry_acl_next(entry, wanted, &type, &permissions, &tag, &id, &name) == ARCHIVE_OK) {
    uint16_t own = kernelTag(tag);
    if (own == 0) return std::nullopt;
    bool named = own == 2 || own == 8;
    if (named && id < 0) return std::nullopt;
    items.push_back({own, static_cast<uint16_t>(permissions & 7), named ? static_cast<uint32_t>(id) : UINT32_MAX});
  }
  std::stable_sort(items.begin(), items.end(), [](const Item& a, const Item& b) { return a.tag < b.tag; });
  std::string value;
  append(value, kVersion, 4);
  for (const Item& item : items) {
    append(value, item.tag, 2);
    append(value, item.permissions, 2);
    append(value, item.id, 4);
  }
  return value;
}

}  // namespace

std::optional<std::string> aclText(const std::string& value) {
  if (value.size() < 4 || value.size() % 8 != 4 || number(value, 0, 4) != kVersion) return std::nullopt;
  std::string text;
  for (size_t at = 4; at < value.size(); at += 8) {
    uint32_t tag = number(value, at, 2), permissions = number(value, at + 2, 2);
    const char* kind = tag <= 2 ? "user:" : tag <= 8 ? "group:" : tag == 16 ? "mask:" : "other:";
    if (!text.empty()) text += ',';
    text += kind;
    if (tag == 2 || tag == 8) text += std::to_string(number(value, at + 4, 4));
    text += ':';
    text += permissions & 4 ? 'r' : '-';
    text += permissions & 2 ? 'w' : '-';
    text += permissions & 1 ? 'x' : '-';
  }
  return text;
}

void addAclXattrs(archive_entry* entry, std::vector<Xattr>& xattrs) {
  auto add = [&](const char* name, int type) {
    bool there = std::any_of(xattrs.begin(), xattrs.end(), [&](const Xattr& one) { return one.name == name; });
    if (there) return;
    if (auto value = encode(entry, type)) xattrs.push_back({name, *value});
  };
  add(kAccessAcl, ARCHIVE_ENTRY_ACL_TYPE_ACCESS);
  add(kDefaultAcl, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT);
}

}  // namespace dockerlite::tree
