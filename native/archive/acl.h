// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <vector>

#include "archive/xattrs.h"

namespace dockerlite::tree {

// Adds the ACLs an archive spells as text (SCHILY.acl.*) in the kernel's own form, as attributes. A list that names a
// user or group only by name is left out: whose name for whom it is cannot be known here.
void addAclXattrs(archive_entry* entry, std::vector<Xattr>& xattrs);

}  // namespace dockerlite::tree
