// SPDX-License-Identifier: Apache-2.0
#include "archive/apply_meta.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace dockerlite::tree {

Status applyMeta(int fd, const Meta& meta) {
  struct stat st;
  if (::fstat(fd, &st) != 0) return Error::last("fstat");
  // First: it drops set-id bits and capabilities. A change that changes nothing costs ten times as much as this look.
  if ((st.st_uid != meta.uid || st.st_gid != meta.gid) &&
      ::fchownat(fd, "", meta.uid, meta.gid, AT_EMPTY_PATH) != 0)
    return Error::last("fchownat");
  bool opened = S_ISREG(meta.mode) || S_ISDIR(meta.mode);
  if (opened && ::fchmod(fd, meta.mode & 07777) != 0) return Error::last("fchmod");
  if (!opened && !S_ISLNK(meta.mode) && ::chmod(procPath(fd).c_str(), meta.mode & 07777) != 0)
    return Error::last("chmod");
  for (const Xattr& attribute : meta.xattrs) {
    if (S_ISDIR(meta.mode) && attribute.name == kDefaultAcl) continue;
    if (auto done = writeXattr(fd, attribute); !done) return done;
  }
  if (S_ISDIR(meta.mode) || meta.mtime.tv_nsec == UTIME_OMIT) return Nothing{};
  timespec times[2] = {{0, UTIME_OMIT}, meta.mtime};
  if (::utimensat(fd, "", times, AT_EMPTY_PATH) != 0) return Error::last("utimensat");
  return Nothing{};
}

}  // namespace dockerlite::tree
