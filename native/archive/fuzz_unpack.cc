// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a byte of options and an archive, compressed or not, that
// is applied over a small tree full of links that lead out. Everything else on the machine is read-only meanwhile: what tries to
// change it gets EROFS; what lies beside the tree, which is not, is compared afterwards.
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "archive/remove_tree.h"
#include "archive/root_dir.h"
#include "archive/unpack.h"

namespace {

using namespace dockerlite;
using namespace dockerlite::tree;

constexpr char kPlace[] = "/tmp";
constexpr char kSecret[] = "untouched";

void Must(bool done, const char* what) {
  if (done) return;
  perror(what);
  abort();
}

void Write(const char* path) {
  UniqueFd file(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
  Must(file && write(file.get(), kSecret, sizeof kSecret) == sizeof kSecret, path);
}

// Symbolic links that were followed from outside the tree would lead to what is beside it.
void MakeTree() {
  Must(mkdir("tree", 0755) == 0 && mkdir("tree/d", 0755) == 0 && mkdir("tree/d/e", 0755) == 0, "mkdir");
  for (const char* name : {"tree/f", "tree/d/f", "tree/d/e/f"}) Write(name);
  const char* links[][2] = {{"../beside", "tree/up"}, {"/tmp/beside", "tree/host"}, {"/beside", "tree/root"}, {"d", "tree/l"}, {"..", "tree/d/up"},
                            {"../../../beside/file", "tree/d/file"}, {"nowhere", "tree/n"}, {"loop", "tree/loop"}};
  for (auto& [target, name] : links) Must(symlink(target, name) == 0, name);
  Must(link("tree/f", "tree/h") == 0, "link");
}

void CheckBeside(const struct stat& before) {
  struct stat now, file;
  char text[sizeof kSecret + 1] = {};
  Must(lstat("beside", &now) == 0 && now.st_ino == before.st_ino && now.st_mode == before.st_mode && now.st_uid == before.st_uid, "beside");
  Must(now.st_mtim.tv_sec == before.st_mtim.tv_sec && now.st_mtim.tv_nsec == before.st_mtim.tv_nsec, "time of beside");
  Must(lstat("beside/file", &file) == 0 && S_ISREG(file.st_mode) && file.st_nlink == 1 && (file.st_mode & 07777) == 0640 && file.st_uid == 0, "beside/file");
  UniqueFd fd(open("beside/file", O_RDONLY | O_CLOEXEC));
  Must(fd && read(fd.get(), text, sizeof text) == sizeof kSecret && strcmp(text, kSecret) == 0, "content of beside/file");
  auto names = listDirectory(AT_FDCWD);
  Must(names && names.value() == std::vector<std::string>{"beside", "tree"}, "what lies beside the tree");
}

struct stat g_beside;

}  // namespace

// Before libFuzzer starts: what it writes itself stays writable, bind-mounted by the script onto itself.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  Must(unshare(CLONE_NEWNS) == 0, "unshare");
  mount_attr readonly = {};
  readonly.attr_set = MOUNT_ATTR_RDONLY;
  readonly.propagation = MS_PRIVATE;
  const char* own = getenv("FUZZ_WORK");
  Must(own != nullptr, "FUZZ_WORK");
  const long work = syscall(SYS_open_tree, AT_FDCWD, own, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
  Must(work >= 0, "open_tree");
  Must(syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &readonly, sizeof readonly) == 0, "mount_setattr");
  Must(syscall(SYS_move_mount, work, "", AT_FDCWD, own, MOVE_MOUNT_F_EMPTY_PATH) == 0, "move_mount");
  Must(mount("fuzz", kPlace, "tmpfs", MS_NODEV | MS_NOSUID, "size=256m") == 0 && chdir(kPlace) == 0, "tmpfs");
  umask(0);
  Must(mkdir("beside", 0750) == 0, "mkdir");
  Write("beside/file");
  Must(lstat("beside", &g_beside) == 0, "lstat");
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  MakeTree();
  UniqueFd archive(memfd_create("archive", MFD_CLOEXEC));
  Must(archive && write(archive.get(), data + 1, size - 1) == static_cast<ssize_t>(size - 1) && lseek(archive.get(), 0, SEEK_SET) == 0, "memfd");
  UnpackOptions options;
  options.maxBytes = 1 << 20;
  options.maxEntries = 200;
  options.layer = (data[0] & 1) != 0;
  options.keepDirectoryLinks = (data[0] & 2) != 0;
  options.allowReplace = (data[0] & 4) == 0;
  if ((data[0] & 8) != 0) options.into = (data[0] & 16) != 0 ? "up" : "d";
  if ((data[0] & 32) != 0) options.owner = {1000, 1000};
  Abort abort;
  ArchiveEnd source;
  source.fd = std::move(archive);
  auto done = unpack(std::move(source), "tree", options, abort);
  if (!done) Must(done.error().code != EROFS, done.error().path.c_str());
  CheckBeside(g_beside);
  Must(static_cast<bool>(removeTree(AT_FDCWD, "tree")), "removeTree");
  return 0;
}
