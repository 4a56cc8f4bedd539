// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sys/result.h"

// Simple quotas (Linux 6.7): every extent is counted for the subvolume that wrote it, as long as it lives. A subvolume that
// is made inside another one joins the groups of that one, so a group of a higher level counts and limits a whole tree.
namespace dockerlite::btrfs {

enum class QuotaMode { kNone, kSimple, kFull };

// Of the file system that `path` is on.
Result<QuotaMode> GetQuotaMode(const std::string& path);

// EINVAL on an older kernel. The file system can then no longer be mounted by one.
Status EnableSimpleQuotas(const std::string& path);

// Puts the subvolume into a group of its own that may hold so many bytes; what is in it already counts.
Status LimitTree(const std::string& subvolume, uint64_t bytes);

// Takes the limit off again, and the group: a full subvolume cannot even be deleted. Fine when there is none.
Status UnlimitTree(const std::string& subvolume);

// Bytes that were written by each subvolume and those below it, as of the last commit; 0 for what is not there.
Result<std::vector<uint64_t>> TreeSizes(const std::string& filesystem, const std::vector<std::string>& subvolumes);

// Groups that count nothing any more: their subvolume is gone. With `destroy` they go too. As "LEVEL/ID".
Result<std::vector<std::string>> StaleGroups(const std::string& filesystem, bool destroy);

}  // namespace dockerlite::btrfs
