// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <functional>
#include <string>

#include "archive/root_dir.h"
#include "archive/tree_writer.h"
#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite::tree {

// One file met on a walk.
struct Visit {
  int fd;                   // O_PATH, of the file itself even when it is a link
  const std::string& path;  // below the top, "" for the top
  const struct stat& st;
};

// Visits `top` and, where `visit` answers true for a directory, what is in it: parents first, names in byte order.
// What vanishes meanwhile is left out. Never follows a link.
Status walkTree(UniqueFd top, const std::function<Result<bool>(const Visit&)>& visit);

// What a visited file has besides name and content.
Result<Meta> readMeta(const Visit& visit);

Result<std::string> readLink(int fd, const std::string& path);

}  // namespace dockerlite::tree
