// SPDX-License-Identifier: Apache-2.0
#include "btrfs/tree_search.h"

#include <linux/btrfs.h>
#include <sys/ioctl.h>

#include <cstring>
#include <memory>

namespace dockerlite::btrfs {
namespace {

static_assert(sizeof(btrfs_ioctl_search_args_v2) == 112);
static_assert(sizeof(btrfs_ioctl_search_header) == 32);

constexpr size_t kBufferSize = 64 * 1024;

}  // namespace

Status SearchTree(int fd, const TreeRange& range, const std::string& path, const TreeVisit& visit) {
  // The ioctl's buffer follows its arguments.
  auto memory = std::make_unique<uint64_t[]>((sizeof(btrfs_ioctl_search_args_v2) + kBufferSize) / sizeof(uint64_t));
  auto* args = reinterpret_cast<btrfs_ioctl_search_args_v2*>(memory.get());
  const char* buffer = reinterpret_cast<const char*>(args + 1);
  uint64_t from = 0;
  for (;;) {
    args->key = {};
    args->key.tree_id = range.tree;
    args->key.min_objectid = args->key.max_objectid = range.object;
    args->key.min_type = args->key.max_type = range.type;
    args->key.min_offset = from;
    args->key.max_offset = UINT64_MAX;
    args->key.max_transid = UINT64_MAX;
    args->key.nr_items = range.most;
    args->buf_size = kBufferSize;
    if (ioctl(fd, BTRFS_IOC_TREE_SEARCH_V2, args) != 0) return Error::last("ioctl(BTRFS_IOC_TREE_SEARCH_V2)", path);
    if (args->key.nr_items == 0) return Nothing{};
    size_t at = 0;
    for (uint32_t i = 0; i < args->key.nr_items; i++) {
      btrfs_ioctl_search_header header;
      if (kBufferSize - at < sizeof header) return Error{EIO, "ioctl(BTRFS_IOC_TREE_SEARCH_V2)", path, {}};
      std::memcpy(&header, buffer + at, sizeof header);
      at += sizeof header;
      if (kBufferSize - at < header.len) return Error{EIO, "ioctl(BTRFS_IOC_TREE_SEARCH_V2)", path, {}};
      visit(header.offset, buffer + at, header.len);
      at += header.len;
      from = header.offset;
    }
    if (from++ == UINT64_MAX || args->key.nr_items >= range.most) return Nothing{};
  }
}

}  // namespace dockerlite::btrfs
