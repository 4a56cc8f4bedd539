// SPDX-License-Identifier: Apache-2.0
#include "archive/pack.h"

#include <fcntl.h>

#include <algorithm>

#include "archive/names.h"
#include "archive/packer.h"
#include "archive/tree_walk.h"

namespace dockerlite::tree {

Result<Count> pack(const std::string& rootPath, ArchiveEnd target, const PackOptions& options, Abort& abort) {
  auto root = RootDir::open(rootPath);
  if (!root) return root.error();
  auto top = root.value().openIn(options.from, O_PATH | (options.followLink ? 0 : O_NOFOLLOW));
  if (!top) return top.error();
  auto out = FdWriter::open(std::move(target), abort);
  if (!out) return out.error();
  Packer packer(out.value(), abort);
  std::string name = options.rename ? *options.rename : splitName(options.from).second;
  auto done = walkTree(std::move(top.value()), [&](const Visit& visit) -> Result<bool> {
    std::string inRoot = joinName(options.from, visit.path);
    if (std::find(options.exclude.begin(), options.exclude.end(), inRoot) != options.exclude.end()) return false;
    return packer.add(visit, joinName(name, visit.path));
  });
  if (!done) return done.error();
  return packer.finish();
}

}  // namespace dockerlite::tree
