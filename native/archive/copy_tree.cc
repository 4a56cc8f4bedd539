// SPDX-License-Identifier: Apache-2.0
#include "archive/copy_tree.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <vector>

#include "archive/data_regions.h"
#include "archive/names.h"
#include "archive/tree_walk.h"

namespace dockerlite::tree {
namespace {

constexpr size_t kPart = 1 << 20;

bool cannotShare(int error) {
  return error == EXDEV || error == EINVAL || error == EOPNOTSUPP || error == ENOTTY || error == ENOSYS;
}

class Copier {
 public:
  Copier(RootDir& root, struct stat rootStat, Abort& abort)
      : tree_(root, "", {}), rootStat_(rootStat), abort_(abort) {}

  Result<Count> run(UniqueFd top);

 private:
  Result<bool> visit(const Visit& visit);
  Status file(const Visit& visit, const Meta& meta);
  Status region(int from, int to, Region region);
  Status plain(int from, int to, Region region);

  TreeWriter tree_;
  struct stat rootStat_;
  Abort& abort_;
  Count count_;
  bool mayClone_ = true;
  bool mayCopyRange_ = true;
  std::vector<char> buffer_;
  std::map<std::pair<dev_t, ino_t>, std::string> seen_;
};

Result<Count> Copier::run(UniqueFd top) {
  auto done = walkTree(std::move(top), [this](const Visit& each) { return visit(each); });
  if (!done) return done.error();
  if (auto end = tree_.finish(); !end) return end.error();
  return count_;
}

Status Copier::plain(int from, int to, Region region) {
  buffer_.resize(kPart);
  while (region.size > 0) {
    if (abort_.triggered()) return Abort::error();
    ssize_t got = ::pread(from, buffer_.data(), std::min<int64_t>(region.size, kPart), region.offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::last("pread");
    if (got == 0) break;
    for (ssize_t done = 0; done < got;) {
      ssize_t put = ::pwrite(to, buffer_.data() + done, static_cast<size_t>(got - done), region.offset + done);
      if (put < 0 && errno != EINTR) return Error::last("pwrite");
      if (put > 0) done += put;
    }
    region.offset += got;
    region.size -= got;
  }
  return Nothing{};
}

Status Copier::region(int from, int to, Region region) {
  while (mayCopyRange_ && region.size > 0) {
    if (abort_.triggered()) return Abort::error();
    loff_t in = region.offset, out = region.offset;
    ssize_t got = ::copy_file_range(from, &in, to, &out, std::min<int64_t>(region.size, 64 * kPart), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && !cannotShare(errno)) return Error::last("copy_file_range");
    if (got < 0) mayCopyRange_ = false;
    // 0 is the end, but also what some special file systems answer for files that do have content.
    if (got <= 0) break;
    region.offset += got;
    region.size -= got;
  }
  return plain(from, to, region);
}

Status Copier::file(const Visit& visit, const Meta& meta) {
  auto from = reopen(visit.fd, O_RDONLY);
  if (!from) return from.error();
  auto to = tree_.file(visit.path);
  if (!to) return to.error();
  int in = from.value().get(), out = to.value().get();
  int64_t size = visit.st.st_size;
  bool cloned = mayClone_ && size > 0 && ::ioctl(out, FICLONE, in) == 0;
  if (!cloned && mayClone_ && size > 0) {
    if (!cannotShare(errno)) return Error::last("ioctl(FICLONE)");
    // EINVAL is about this one file (no checksums, inline data), the others about the pair of file systems.
    if (errno != EINVAL) mayClone_ = false;
  }
  auto regions = dataRegions(in, size);
  if (!regions) return regions.error();
  for (const Region& each : regions.value()) {
    count_.bytes += static_cast<uint64_t>(each.size);
    if (cloned) continue;
    if (auto done = region(in, out, each); !done) return done;
  }
  if (!cloned && ::ftruncate(out, size) != 0) return Error::last("ftruncate");
  return tree_.finishFile(out, meta);
}

Result<bool> Copier::visit(const Visit& visit) {
  if (abort_.triggered()) return Abort::error();
  const struct stat& st = visit.st;
  // A root inside the tree being copied would be copied into itself.
  bool isRoot = st.st_dev == rootStat_.st_dev && st.st_ino == rootStat_.st_ino;
  if (S_ISSOCK(st.st_mode) || (isRoot && !visit.path.empty())) return false;
  auto meta = readMeta(visit);
  if (!meta) return meta.error();
  count_.entries++;
  Status done = Nothing{};
  if (S_ISDIR(st.st_mode)) {
    done = tree_.directory(visit.path, meta.value());
  } else {
    if (st.st_nlink > 1) {
      auto [first, fresh] = seen_.emplace(std::pair(st.st_dev, st.st_ino), visit.path);
      if (!fresh) {
        done = tree_.hardLink(visit.path, first->second);
        if (!done) return done.error();
        return false;
      }
    }
    if (S_ISREG(st.st_mode)) {
      done = file(visit, meta.value());
    } else if (S_ISLNK(st.st_mode)) {
      auto target = readLink(visit.fd, visit.path);
      if (!target) return target.error();
      done = tree_.symlink(visit.path, target.value(), meta.value());
    } else {
      done = tree_.node(visit.path, meta.value());
    }
  }
  if (!done) return done.error();
  return true;
}

Result<UniqueFd> openSource(const std::string& source, const std::optional<std::string>& from) {
  if (from) {
    auto tree = RootDir::open(source);
    if (!tree) return tree.error();
    return tree.value().openIn(*from, O_PATH | O_DIRECTORY);
  }
  UniqueFd top(::open(source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return Error::last("open", source);
  return top;
}

}  // namespace

Result<Count> copyTree(const std::string& source, const std::optional<std::string>& from, const std::string& rootPath,
                       Abort& abort) {
  auto root = RootDir::open(rootPath);
  if (!root) return root.error();
  auto self = root.value().openIn("", O_PATH | O_DIRECTORY);
  if (!self) return self.error();
  struct stat st;
  if (::fstat(self.value().get(), &st) != 0) return Error::last("fstat", rootPath);
  auto top = openSource(source, from);
  if (!top) return top.error();
  struct stat top_stat;
  if (::fstat(top.value().get(), &top_stat) != 0) return Error::last("fstat", source);
  if (top_stat.st_dev == st.st_dev && top_stat.st_ino == st.st_ino)
    return Error{EINVAL, "copyTree", source, "source and target are the same directory"};
  return Copier(root.value(), st, abort).run(std::move(top.value()));
}

}  // namespace dockerlite::tree
