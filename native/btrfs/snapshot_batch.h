// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sys/result.h"

namespace dockerlite::btrfs {

struct SnapshotRequest {
  std::string source;
  std::string parent;  // made (0700) when it is missing and its own parent is there
  std::string name;
  bool readonly = false;
};

// One answer per request, empty where it was done. Each SNAP_CREATE waits for a transaction commit;
// calls that wait at the same time, in different parent directories, share one. Hence the threads:
// they do not compute, they wait.
std::vector<std::optional<Error>> SnapshotBatch(const std::vector<SnapshotRequest>& requests, int threads);

}  // namespace dockerlite::btrfs
