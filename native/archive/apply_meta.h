// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "archive/tree_writer.h"

namespace dockerlite::tree {

// Owner, mode, attributes and time of the file open on `fd` (O_PATH will do for links and devices), in the order in which none undoes
// another. A directory's time and default ACL are left for later.
Status applyMeta(int fd, const Meta& meta);

inline constexpr const char kAccessAcl[] = "system.posix_acl_access";
inline constexpr const char kDefaultAcl[] = "system.posix_acl_default";

}  // namespace dockerlite::tree
