// SPDX-License-Identifier: Apache-2.0
#include "supervisor/shared_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "supervisor/host_mounts.h"

namespace dockerlite {
namespace {

constexpr char kPath[] = "lxc.rootfs.path=dir:";
constexpr char kOptions[] = "lxc.rootfs.options=";

Result<UniqueFd> OpenMapped(const std::string& path, const Idmap& map, bool readOnly) {
  UniqueFd tree(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, path.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
  if (!tree) return Error::last("open_tree", path);
  Result<UniqueFd> userns = MakeUserNamespace(map);
  if (!userns) return userns.error();
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP | (readOnly ? MOUNT_ATTR_RDONLY : 0);
  // Otherwise it would be of the host's peer group, which no root may be that is changed.
  attributes.propagation = MS_SLAVE;
  attributes.userns_fd = static_cast<uint64_t>(userns.value().get());
  if (syscall(SYS_mount_setattr, tree.get(), "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0)
    return Error::last("mount_setattr(MOUNT_ATTR_IDMAP)", path);
  return tree;
}

}  // namespace

Status OpenSharedRoot(const Idmap& map, std::vector<std::string>& config) {
  if (!map || !SharesIds(config)) return Nothing{};
  auto path = std::ranges::find_if(config, [](auto& item) { return item.starts_with(kPath); });
  if (path == config.end()) return Nothing{};
  auto options = std::ranges::find_if(config, [](auto& item) { return item.starts_with(kOptions); });
  bool readOnly = options != config.end() && options->starts_with(std::string(kOptions) + "ro,");
  Result<UniqueFd> root = OpenMapped(path->substr(sizeof kPath - 1), map, readOnly);
  if (!root) return root.error();
  *path = "lxc.rootfs.path=btrfs:" + KeepDetached(std::move(root.value()));
  if (options != config.end()) config.erase(options);
  return Nothing{};
}

}  // namespace dockerlite
