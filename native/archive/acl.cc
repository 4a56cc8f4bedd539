// SPDX-License-Identifier: Apache-2.0
#include "archive/acl.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>

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

void addAclXattrs(archive_entry* entry, std::vector<Xattr>& xattrs) {
  if (auto value = encode(entry, ARCHIVE_ENTRY_ACL_TYPE_ACCESS)) xattrs.push_back({"system.posix_acl_access", *value});
  if (auto value = encode(entry, ARCHIVE_ENTRY_ACL_TYPE_DEFAULT)) xattrs.push_back({kDefaultAcl, *value});
}

}  // namespace dockerlite::tree
