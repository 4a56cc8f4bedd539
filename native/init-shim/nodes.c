// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static bool make_parents(int dev, char *path) {
  for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
    *slash = 0;
    bool made = mkdirat(dev, path, 0755) == 0 || errno == EEXIST;
    *slash = '/';
    if (!made) return false;
  }
  return true;
}

// "c MAJOR MINOR MODE UID GID PATH", the path below /dev. What is there already stays.
static bool make_node(int dev, const char *order) {
  char kind, path[PATH_MAX];
  unsigned major, minor, mode, uid, gid;
  if (sscanf(order, "%c %u %u %o %u %u %4095[^\n]", &kind, &major, &minor, &mode, &uid, &gid, path) != 7) {
    errno = EBADMSG;
    return false;
  }
  if (!make_parents(dev, path)) return false;
  if (mknodat(dev, path, (kind == 'b' ? S_IFBLK : S_IFCHR) | mode, makedev(major, minor)) != 0) return errno == EEXIST;
  // Not by the mask of this process.
  return fchownat(dev, path, uid, gid, AT_SYMLINK_NOFOLLOW) == 0 && fchmodat(dev, path, mode, 0) == 0;
}

// Those of the host, for a privileged container. Without the right to make them it runs on those every container has.
void make_nodes(const struct payload *payload) {
  if (payload->nodec == 0) return;
  int dev = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  bool made = dev >= 0;
  for (size_t i = 0; made && i < payload->nodec; i++) made = make_node(dev, payload->nodes[i]);
  if (!made) link_warn("the host's devices could not be made: ", strerror(errno));
  if (dev >= 0) close(dev);
}
