// SPDX-License-Identifier: Apache-2.0
#include "btrfs/quota.h"

#include <endian.h>
#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "btrfs/nested.h"
#include "btrfs/subvolume.h"
#include "btrfs/tree_search.h"
#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

constexpr uint64_t kEnableSimple = 4;      // BTRFS_QUOTA_CTL_ENABLE_SIMPLE_QUOTA, newer than some headers
constexpr uint64_t kSimpleMode = 1 << 3;   // BTRFS_QGROUP_STATUS_FLAG_SIMPLE_MODE
constexpr uint64_t kLevel = 0x646c;        // "dl": groups of this level are nobody else's
constexpr uint64_t kIdMask = (1ull << BTRFS_QGROUP_LEVEL_SHIFT) - 1;
constexpr uint64_t kNoLimit = ~0ull;       // takes a limit off

static_assert(sizeof(btrfs_ioctl_qgroup_limit_args) == 48);
static_assert(sizeof(btrfs_qgroup_info_item) == 40);

uint64_t GroupOf(uint64_t subvolume) { return kLevel << BTRFS_QGROUP_LEVEL_SHIFT | subvolume; }

Status CreateGroup(int fd, uint64_t group, bool create, const std::string& path) {
  btrfs_ioctl_qgroup_create_args args = {};
  args.create = create;
  args.qgroupid = group;
  if (ioctl(fd, BTRFS_IOC_QGROUP_CREATE, &args) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_QGROUP_CREATE)", path);
}

Status AssignGroup(int fd, uint64_t member, uint64_t group, bool assign, const std::string& path) {
  btrfs_ioctl_qgroup_assign_args args = {};
  args.assign = assign;
  args.src = member;
  args.dst = group;
  // 1 asks for a rescan, which simple quotas never need.
  if (ioctl(fd, BTRFS_IOC_QGROUP_ASSIGN, &args) >= 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_QGROUP_ASSIGN)", path);
}

Status LimitGroup(int fd, uint64_t group, uint64_t bytes, const std::string& path) {
  btrfs_ioctl_qgroup_limit_args args = {};
  args.qgroupid = group;
  args.lim.flags = BTRFS_QGROUP_LIMIT_MAX_RFER;
  args.lim.max_rfer = bytes;
  if (ioctl(fd, BTRFS_IOC_QGROUP_LIMIT, &args) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_QGROUP_LIMIT)", path);
}

// Members and groups of a group, as the last commit has them.
Result<std::vector<uint64_t>> RelationsOf(int fd, uint64_t group, const std::string& path) {
  std::vector<uint64_t> others;
  Status searched = SearchTree(fd, {BTRFS_QUOTA_TREE_OBJECTID, group, BTRFS_QGROUP_RELATION_KEY}, path,
                               [&](uint64_t other, const char*, size_t) { others.push_back(other); });
  if (!searched) return searched.error();
  return others;
}

Status DestroyGroup(int fd, uint64_t group, const std::string& path) {
  Status gone = CreateGroup(fd, group, false, path);
  return gone || gone.error().code == ENOENT ? Status(Nothing{}) : gone;
}

// Takes every member out, then the group.
Status DissolveGroup(int fd, uint64_t group, const std::string& path) {
  Result<std::vector<uint64_t>> members = RelationsOf(fd, group, path);
  if (!members) return members.error();
  for (uint64_t member : members.value()) {
    Status out = AssignGroup(fd, member, group, false, path);
    if (!out && out.error().code != ENOENT && out.error().code != EINVAL) return out;
  }
  return DestroyGroup(fd, group, path);
}

struct Subvolume {
  UniqueFd fd;
  uint64_t id;
};

Result<Subvolume> OpenSubvolume(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd.error();
  if (Status is = CheckSubvolume(fd.value().get(), path); !is) return is.error();
  Result<uint64_t> id = SubvolumeId(fd.value().get(), path);
  if (!id) return id.error();
  return Subvolume{std::move(fd.value()), id.value()};
}

// Bytes each group counts.
Result<std::map<uint64_t, uint64_t>> GroupSizes(int fd, const std::string& path) {
  std::map<uint64_t, uint64_t> sizes;
  Status searched = SearchTree(fd, {BTRFS_QUOTA_TREE_OBJECTID, 0, BTRFS_QGROUP_INFO_KEY}, path,
                               [&](uint64_t group, const char* item, size_t size) {
                                 btrfs_qgroup_info_item info;
                                 if (size < sizeof info) return;
                                 std::memcpy(&info, item, sizeof info);
                                 sizes[group] = le64toh(info.rfer);
                               });
  if (!searched) return searched.error();
  return sizes;
}

Result<uint64_t> NodeSize(int fd, const std::string& path) {
  btrfs_ioctl_fs_info_args args = {};
  if (ioctl(fd, BTRFS_IOC_FS_INFO, &args) != 0) return Error::last("ioctl(BTRFS_IOC_FS_INFO)", path);
  return static_cast<uint64_t>(args.nodesize);
}

enum class Life { kGone, kDeleted, kThere };

// One that is deleted is cleaned up in the background: until then it is not gone.
Result<Life> LifeOf(int fd, uint64_t subvolume, const std::string& path) {
  Life life = Life::kGone;
  Status searched = SearchTree(fd, {BTRFS_ROOT_TREE_OBJECTID, subvolume, BTRFS_ROOT_ITEM_KEY, 1}, path,
                               [&](uint64_t, const char* item, size_t size) {
                                 __le32 references = 0;
                                 const size_t at = offsetof(btrfs_root_item, refs);
                                 if (size >= at + sizeof references) std::memcpy(&references, item + at, sizeof references);
                                 life = references == 0 ? Life::kDeleted : Life::kThere;
                               });
  if (!searched) return searched.error();
  return life;
}

}  // namespace

Result<QuotaMode> GetQuotaMode(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectoryFollowing(path);
  if (!fd) return fd.error();
  QuotaMode mode = QuotaMode::kNone;
  Status searched = SearchTree(fd.value().get(), {BTRFS_QUOTA_TREE_OBJECTID, 0, BTRFS_QGROUP_STATUS_KEY, 1}, path,
                               [&](uint64_t, const char* item, size_t size) {
                                 btrfs_qgroup_status_item status;
                                 const size_t known = offsetof(btrfs_qgroup_status_item, rescan);
                                 if (size < known) return;
                                 std::memcpy(&status, item, known);
                                 const uint64_t flags = le64toh(status.flags);
                                 if (flags & BTRFS_QGROUP_STATUS_FLAG_ON)
                                   mode = flags & kSimpleMode ? QuotaMode::kSimple : QuotaMode::kFull;
                               });
  // Without quotas there is no such tree.
  if (!searched && searched.error().code != ENOENT) return searched.error();
  return mode;
}

Status EnableSimpleQuotas(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectoryFollowing(path);
  if (!fd) return fd.error();
  btrfs_ioctl_quota_ctl_args args = {};
  args.cmd = kEnableSimple;
  if (ioctl(fd.value().get(), BTRFS_IOC_QUOTA_CTL, &args) == 0) return Nothing{};
  return Error::last("ioctl(BTRFS_IOC_QUOTA_CTL)", path);
}

Status LimitTree(const std::string& path, uint64_t bytes) {
  Result<Subvolume> subvolume = OpenSubvolume(path);
  if (!subvolume) return subvolume.error();
  const int fd = subvolume.value().fd.get();
  const uint64_t group = GroupOf(subvolume.value().id);
  if (Status made = CreateGroup(fd, group, true, path); !made && made.error().code != EEXIST) return made;
  Status joined = AssignGroup(fd, subvolume.value().id, group, true, path);
  if (!joined && joined.error().code != EEXIST) return joined;
  return LimitGroup(fd, group, bytes, path);
}

Status UnlimitTree(const std::string& path) {
  Result<Subvolume> subvolume = OpenSubvolume(path);
  if (!subvolume) return subvolume.error().code == ENOENT ? Status(Nothing{}) : Status(subvolume.error());
  const int fd = subvolume.value().fd.get();
  const uint64_t group = GroupOf(subvolume.value().id);
  Status lifted = LimitGroup(fd, group, kNoLimit, path);
  // ENOTCONN: there are no quotas (any more).
  if (!lifted) return lifted.error().code == ENOENT || lifted.error().code == ENOTCONN ? Status(Nothing{}) : lifted;
  // Members that have joined since the last commit are not found before the next one.
  if (ioctl(fd, BTRFS_IOC_SYNC, nullptr) != 0) return Error::last("ioctl(BTRFS_IOC_SYNC)", path);
  return DissolveGroup(fd, group, path);
}

Result<std::vector<uint64_t>> TreeSizes(const std::string& filesystem, const std::vector<std::string>& subvolumes) {
  Result<UniqueFd> fd = OpenDirectoryFollowing(filesystem);
  if (!fd) return fd.error();
  Result<std::map<uint64_t, uint64_t>> sizes = GroupSizes(fd.value().get(), filesystem);
  if (!sizes) return sizes.error();
  Result<uint64_t> node = NodeSize(fd.value().get(), filesystem);
  if (!node) return node.error();
  std::vector<uint64_t> all;
  for (const std::string& path : subvolumes) {
    Result<Subvolume> subvolume = OpenSubvolume(path);
    if (!subvolume) {
      all.push_back(0);
      continue;
    }
    // The node that is the root of its tree is there before anything is written.
    uint64_t& own = sizes.value()[subvolume.value().id];
    uint64_t sum = own - std::min<uint64_t>(own, node.value());
    Result<std::vector<Nested>> nested = ListNested(subvolume.value().fd.get(), subvolume.value().id, path);
    if (!nested) return nested.error();
    for (const Nested& each : nested.value()) sum += sizes.value()[each.id];
    all.push_back(sum);
  }
  return all;
}

Result<std::vector<std::string>> StaleGroups(const std::string& filesystem, bool destroy) {
  Result<UniqueFd> opened = OpenDirectoryFollowing(filesystem);
  if (!opened) return opened.error();
  const int fd = opened.value().get();
  Result<std::map<uint64_t, uint64_t>> sizes = GroupSizes(fd, filesystem);
  if (!sizes) return sizes.error().code == ENOENT ? Result<std::vector<std::string>>(std::vector<std::string>{}) : sizes.error();
  std::vector<std::string> stale;
  for (const auto& [group, size] : sizes.value()) {
    const uint64_t level = group >> BTRFS_QGROUP_LEVEL_SHIFT;
    // One of level 0 lives on with what its subvolume shared with others.
    if (level == 0 ? size > 0 || group < BTRFS_FIRST_FREE_OBJECTID : level != kLevel) continue;
    Result<Life> life = LifeOf(fd, group & kIdMask, filesystem);
    if (!life) return life.error();
    if (life.value() == Life::kThere || (level == 0 && life.value() == Life::kDeleted)) continue;
    if (destroy) {
      Status gone = level == 0 ? DestroyGroup(fd, group, filesystem) : DissolveGroup(fd, group, filesystem);
      if (!gone && gone.error().code != EBUSY) return gone.error();
      if (!gone) continue;
    }
    stale.push_back(std::to_string(level) + "/" + std::to_string(group & kIdMask));
  }
  return stale;
}

}  // namespace dockerlite::btrfs
