// SPDX-License-Identifier: Apache-2.0
#include "archive/path_stat.h"

#include <fcntl.h>

#include "archive/names.h"
#include "archive/root_dir.h"
#include "archive/tree_walk.h"

namespace dockerlite::tree {

Result<PathStat> statInRoot(const std::string& rootPath, const std::string& path) {
  auto root = RootDir::open(rootPath);
  if (!root) return root.error();
  std::string clean = clampName(path);
  // As for the kernel, `link/` and `link/.` are what the link leads to.
  bool follow = path.ends_with("/") || path.ends_with("/.");
  auto fd = root.value().openIn(clean, O_PATH | (follow ? O_DIRECTORY : O_NOFOLLOW));
  if (!fd) return fd.error();
  PathStat result;
  result.name = clean.empty() ? "/" : splitName(clean).second;
  if (::fstat(fd.value().get(), &result.st) != 0) return Error::last("fstat", printable(path));
  if (S_ISLNK(result.st.st_mode)) {
    auto target = readLink(fd.value().get(), clean);
    if (!target) return target.error();
    result.linkTarget = std::move(target.value());
  }
  return result;
}

}  // namespace dockerlite::tree
