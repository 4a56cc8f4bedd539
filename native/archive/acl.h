// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <optional>
#include <string>
#include <vector>

#include "archive/xattrs.h"

namespace dockerlite::tree {

// The text form, "user::rw-,user:1000:r--,…", of an ACL attribute: what GNU tar wants beside the attribute itself.
// Nothing for a value that is no ACL.
std::optional<std::string> aclText(const std::string& value);

// Adds the ACLs an archive spells as text (SCHILY.acl.*) in the kernel's own form, as attributes. A list that names a
// user or group only by name is left out: whose name for whom it is cannot be known here.
void addAclXattrs(archive_entry* entry, std::vector<Xattr>& xattrs);

}  // namespace dockerlite::tree
