// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// The ids of a container's user namespace, as its `lxc.idmap` settings give them.
struct Idmap {
  std::string users, groups;       // the text of uid_map and gid_map; empty: the host's own ids
  uid_t rootUser = 0;              // what the container's root is on the host
  gid_t rootGroup = 0;

  explicit operator bool() const { return !users.empty(); }
};

Idmap IdmapOf(const std::vector<std::string>& config);

// Whether the user namespace is another container's.
bool SharesIds(const std::vector<std::string>& config);

// A user namespace with these ids, which nothing runs in: mounts take their mapping from it.
Result<UniqueFd> MakeUserNamespace(const Idmap& map);

}  // namespace dockerlite
