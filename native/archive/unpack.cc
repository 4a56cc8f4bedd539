// SPDX-License-Identifier: Apache-2.0
#include "archive/unpack.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "archive/acl.h"
#include "archive/names.h"
#include "archive/tar_reader.h"
#include "archive/tree_writer.h"
#include "archive/whiteouts.h"
#include "archive/writeback.h"

namespace dockerlite::tree {
namespace {

// Bytes. What is smaller is kept with the names, in the file system's tree.
constexpr int64_t kWorthWriting = 4096;

Error refuse(const std::string& name, const char* why, int code = EINVAL) {
  return Error{code, "unpack", printable(name), why};
}

class Unpacker {
 public:
  Unpacker(TarReader& tar, RootDir& root, const UnpackOptions& options, Abort& abort)
      : tar_(tar), tree_(root, options.into, {options.allowReplace, options.keepDirectoryLinks}), whiteouts_(root), options_(options), abort_(abort) {
    if (options.layer) writeback_.emplace();
  }

  Result<UnpackResult> run();

 private:
  Status entry(archive_entry* entry);
  Status content(int fd, const std::string& name, int64_t size);
  Status hardLink(const std::string& raw, const std::string& name, const char* target);
  Result<Meta> meta(archive_entry* entry, const std::string& name) const;

  TarReader& tar_;
  TreeWriter tree_;
  Whiteouts whiteouts_;
  const UnpackOptions& options_;
  Abort& abort_;
  UnpackResult result_;
  // A layer is committed when it is whole.
  std::optional<Writeback> writeback_;
};

Result<UnpackResult> Unpacker::run() {
  for (;;) {
    if (abort_.triggered()) return Abort::error();
    auto next = tar_.next();
    if (!next) return next.error();
    if (next.value() == nullptr) break;
    if (options_.maxEntries && result_.entries >= *options_.maxEntries)
      return Error{EFBIG, "unpack", {}, "the archive has more entries than allowed"};
    if (auto done = entry(next.value()); !done) return done.error();
    result_.entries++;
  }
  if (auto done = tree_.finish(); !done) return done.error();
  if (auto done = tar_.drain(); !done) return done.error();
  return result_;
}

Result<Meta> Unpacker::meta(archive_entry* entry, const std::string& name) const {
  Meta meta;
  meta.mode = archive_entry_filetype(entry) | archive_entry_perm(entry);
  int64_t uid = archive_entry_uid(entry), gid = archive_entry_gid(entry);
  if (options_.owner) {
    uid = options_.owner->first;
    gid = options_.owner->second;
  }
  // The largest number means "leave as it is" to chown.
  if (uid < 0 || gid < 0 || uid >= UINT32_MAX || gid >= UINT32_MAX) return refuse(name, "the owner is out of range");
  meta.uid = static_cast<uid_t>(uid);
  meta.gid = static_cast<gid_t>(gid);
  if (archive_entry_mtime_is_set(entry)) {
    long ns = std::clamp(archive_entry_mtime_nsec(entry), 0L, 999999999L);
    meta.mtime = {archive_entry_mtime(entry), ns};
    // libarchive reads -1.25 as -1 s and 250,000,000 ns.
    if (meta.mtime.tv_sec < 0 && ns > 0) meta.mtime = {meta.mtime.tv_sec - 1, 1000000000 - ns};
  }
  if (S_ISCHR(meta.mode) || S_ISBLK(meta.mode))
    meta.device = makedev(archive_entry_rdevmajor(entry), archive_entry_rdevminor(entry));
  archive_entry_xattr_reset(entry);
  const char* key;
  const void* value;
  size_t size;
  while (archive_entry_xattr_next(entry, &key, &value, &size) == ARCHIVE_OK)
    meta.xattrs.push_back({unescapeXattrName(key), std::string(static_cast<const char*>(value), size)});
  addAclXattrs(entry, meta.xattrs);
  return meta;
}

Status Unpacker::hardLink(const std::string& raw, const std::string& name, const char* target) {
  auto clean = cleanName(target);
  if (!clean) return refuse(raw, "its link target leaves the root");
  if (clean->empty() || name.empty()) return refuse(raw, "a hard link needs a name and a target");
  auto done = tree_.hardLink(name, *clean);
  if (!done && done.error().code == ENOENT) return refuse(raw, "its link target is not in the archive", ENOENT);
  return done;
}

Status Unpacker::content(int fd, const std::string& name, int64_t size) {
  int64_t end = 0;
  for (;;) {
    if (abort_.triggered()) return Abort::error();
    auto got = tar_.block();
    if (!got) {
      if (got.error().path.empty()) got.error().path = printable(name);
      return got.error();
    }
    if (!got.value()) break;
    const TarBlock& block = *got.value();
    result_.bytes += block.size;
    if (options_.maxBytes && result_.bytes > *options_.maxBytes)
      return refuse(name, "the archive has more content than allowed", EFBIG);
    for (size_t done = 0; done < block.size;) {
      auto* data = static_cast<const char*>(block.data) + done;
      ssize_t put = ::pwrite(fd, data, block.size - done, block.offset + static_cast<int64_t>(done));
      if (put < 0 && errno != EINTR) return Error::last("pwrite", printable(name));
      if (put > 0) done += static_cast<size_t>(put);
    }
    end = std::max(end, block.offset + static_cast<int64_t>(block.size));
  }
  // A hole at the end.
  if (size != end && ::ftruncate(fd, size) != 0) return Error::last("ftruncate", printable(name));
  return Nothing{};
}

Status Unpacker::entry(archive_entry* entry) {
  const char* text = archive_entry_pathname(entry);
  std::string raw = text != nullptr ? text : "";
  if (raw.empty()) return refuse(raw, "an entry has no name");
  auto clean = cleanName(raw);
  if (!clean) return refuse(raw, "its name leaves the root");
  const std::string& name = *clean;
  if (options_.layer) {
    if (Whiteouts::isOne(name)) {
      // Directories that are looked up by name may be gone after this.
      tree_.forgetParents();
      return whiteouts_.apply(name);
    }
    whiteouts_.made(name);
  }
  if (const char* target = archive_entry_hardlink(entry)) return hardLink(raw, name, target);

  auto own = meta(entry, raw);
  if (!own) return own.error();
  Meta& meta = own.value();
  int64_t size = archive_entry_size(entry);
  // Old archivers mark directories by a slash alone.
  if (S_ISREG(meta.mode) && size == 0 && raw.back() == '/') meta.mode = S_IFDIR | (meta.mode & 07777);
  if (S_ISDIR(meta.mode)) {
    // The directory things are put into stays as it is; the root of an image is the archive's to say.
    if (name.empty() && !options_.into.empty()) return Nothing{};
    return tree_.directory(name, meta);
  }
  if (name.empty()) return refuse(raw, "the root can only be a directory");
  if (S_ISREG(meta.mode)) {
    if (size < 0) return refuse(raw, "its size is negative");
    auto fd = tree_.file(name);
    if (!fd) return fd.error();
    if (auto done = content(fd.value().get(), raw, size); !done) return done;
    auto done = tree_.finishFile(fd.value().get(), meta);
    if (done && writeback_ && size >= kWorthWriting) writeback_->take(std::move(fd.value()));
    return done;
  }
  if (S_ISLNK(meta.mode)) {
    const char* target = archive_entry_symlink(entry);
    if (target == nullptr || *target == '\0') return refuse(raw, "a symbolic link needs a target");
    return tree_.symlink(name, target, meta);
  }
  if (S_ISCHR(meta.mode) || S_ISBLK(meta.mode) || S_ISFIFO(meta.mode)) return tree_.node(name, meta);
  return refuse(raw, "entries of its type are not supported");
}

}  // namespace

Result<UnpackResult> unpack(Decoder& decoder, const std::string& rootPath, const UnpackOptions& options, Abort& abort) {
  auto root = RootDir::open(rootPath);
  if (!root) return root.error();
  auto into = root.value().openIn(options.into, O_PATH | O_DIRECTORY);
  if (!into) return into.error();
  TarReader tar(decoder, options.maxBytes);
  auto result = Unpacker(tar, root.value(), options, abort).run();
  if (result) {
    result.value().digest = decoder.digests().source;
    result.value().diffId = decoder.digests().decoded;
  }
  return result;
}

Result<UnpackResult> unpack(ArchiveEnd source, const std::string& root, const UnpackOptions& options, Abort& abort) {
  auto reader = FdReader::open(std::move(source), abort);
  if (!reader) return reader.error();
  Decoder decoder(std::move(reader.value()), options.digests, abort);
  return unpack(decoder, root, options, abort);
}

}  // namespace dockerlite::tree
