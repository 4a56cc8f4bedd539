// SPDX-License-Identifier: Apache-2.0
#include "snapshot/tree_applier.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <cstdio>
#include <cstring>

#include "archive/names.h"
#include "archive/xattrs.h"

namespace dockerlite::snapshot {
namespace {

using btrfs::SendCommand;
using btrfs::SendType;

Error Bad(const char* what) { return Error{EBADMSG, "receive", {}, what}; }

std::string ProcPath(const UniqueFd& fd) { return "/proc/self/fd/" + std::to_string(fd.get()); }

// The system's own troubles; everything else says that the stream is not about this tree.
bool IsSystems(int code) {
  switch (code) {
    case ENOSPC: case EDQUOT: case EIO: case EROFS: case ENOMEM: case EMFILE: case ENFILE: case ECANCELED: case EPERM: case EACCES:
      return true;
    default:
      return false;
  }
}

Error Explained(Error error, const SendCommand& command) {
  if (error.path.empty()) error.path = tree::printable(command.path.value_or(""));
  if (IsSystems(error.code) || error.syscall == "receive") return error;
  if (error.message.empty()) error.message = strerror(error.code);
  error.message = "the stream does not fit the tree: " + error.syscall + ": " + error.message;
  error.syscall = "receive";
  return error;
}

}  // namespace

TreeApplier::TreeApplier(UniqueFd root, UniqueFd parent, const Limits& limits, std::function<bool()> stop)
    : limits_(limits),
      tree_(std::move(root)),
      parent_(parent ? std::make_unique<ConfinedTree>(std::move(parent)) : nullptr),
      data_(tree_, parent_.get(), limits_, applied_, std::move(stop)) {}

Status TreeApplier::Apply(const SendCommand& command) {
  const bool first = command.type == SendType::kSubvolume || command.type == SendType::kSnapshot;
  if (first == begun_) return Bad(first ? "a second tree in one stream" : "a command before the tree it is about");
  if (first) return Begin(command);
  if (command.type == SendType::kEnd) return End();
  if (!command.path) return Bad("a command without a path");
  Status done = Dispatch(command);
  if (!done) return Explained(done.error(), command);
  return done;
}

Status TreeApplier::Begin(const SendCommand& command) {
  const bool incremental = command.type == SendType::kSnapshot;
  if (!command.uuid || command.uuid->size() != 16) return Bad("a tree without a UUID");
  if (incremental && (!command.clone_uuid || command.clone_uuid->size() != 16)) return Bad("a parent without a UUID");
  if (incremental != (parent_ != nullptr))
    return Bad(incremental ? "the stream is a difference to a parent that it does not name" : "the stream is whole, not the difference to the parent it names");
  data_.SetUuids(*command.uuid, command.clone_uuid.value_or(""));
  begun_ = true;
  Result<UniqueFd> root = tree_.Locate({});
  if (!root) return root.error();
  struct stat now;
  if (fstat(root.value().get(), &now) != 0) return Error::last("fstat");
  root_times_ = {now.st_atim, now.st_mtim};
  return Nothing{};
}

// New files get passing names in the root first, which changes its times without the stream saying so: the sender's did not.
Status TreeApplier::End() {
  Result<UniqueFd> root = tree_.Locate({});
  if (!root) return root.error();
  if (utimensat(root.value().get(), "", root_times_.data(), AT_EMPTY_PATH) != 0) return Error::last("utimensat");
  return Nothing{};
}

Status TreeApplier::Dispatch(const SendCommand& command) {
  switch (command.type) {
    case SendType::kWrite: return data_.Write(command);
    case SendType::kClone: return data_.Clone(command);
    case SendType::kEncodedWrite: return data_.WriteEncoded(command);
    case SendType::kFallocate: return data_.Fallocate(command);
    case SendType::kTruncate: return data_.Truncate(command);
    case SendType::kChmod: return Chmod(command);
    case SendType::kChown: return Chown(command);
    case SendType::kUtimes: return SetTimes(command);
    case SendType::kSetXattr: return SetXattr(command);
    case SendType::kRemoveXattr: return RemoveXattr(command);
    case SendType::kFileAttributes: return Nothing{};  // not kept, as by others: immutable, for one, would be in the way
    case SendType::kUpdateExtent: return Bad("the stream is without the files' data");
    case SendType::kEnableVerity: return Error{EOPNOTSUPP, "receive", {}, "fs-verity is not supported"};
    default: break;
  }
  // From here on names change.
  data_.Forget();
  switch (command.type) {
    case SendType::kMakeFile:
    case SendType::kMakeDirectory:
    case SendType::kMakeNode:
    case SendType::kMakeFifo:
    case SendType::kMakeSocket:
    case SendType::kSymlink: return Make(command);
    case SendType::kLink: return Link(command);
    case SendType::kRename: return Rename(command);
    case SendType::kUnlink:
    case SendType::kRemoveDirectory: return Remove(command);
    default: return Error{EOPNOTSUPP, "receive", {}, "command " + std::to_string(static_cast<int>(command.type)) + " is not known"};
  }
}

Status TreeApplier::Make(const SendCommand& command) {
  if (++applied_.entries > limits_.entries) return Error{EFBIG, "receive", {}, "the stream has more entries than allowed"};
  Result<ConfinedTree::Place> place = tree_.Find(*command.path);
  if (!place) return place.error();
  const int dir = place.value().dir();
  const char* name = place.value().name.c_str();
  switch (command.type) {
    case SendType::kMakeFile: {
      UniqueFd made(openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
      if (!made) return Error::last("openat");
      return Nothing{};
    }
    case SendType::kMakeDirectory:
      if (mkdirat(dir, name, 0700) != 0) return Error::last("mkdirat");
      return Nothing{};
    case SendType::kSymlink:
      if (!command.path_link || command.path_link->empty()) return Bad("a symbolic link without a target");
      if (symlinkat(std::string(*command.path_link).c_str(), dir, name) != 0) return Error::last("symlinkat");
      return Nothing{};
    default: break;
  }
  mode_t type = command.type == SendType::kMakeFifo ? S_IFIFO : S_IFSOCK;
  if (command.type == SendType::kMakeNode) {
    if (!command.mode || !command.rdev) return Bad("a device without its number");
    type = static_cast<mode_t>(*command.mode & S_IFMT);
    if ((type != S_IFCHR && type != S_IFBLK) || *command.rdev > UINT32_MAX) return Bad("a device that is none");
  }
  if (mknodat(dir, name, type | 0600, command.type == SendType::kMakeNode ? *command.rdev : 0) != 0) return Error::last("mknodat");
  return Nothing{};
}

Status TreeApplier::Link(const SendCommand& command) {
  if (!command.path_link) return Bad("a link to nothing");
  if (++applied_.entries > limits_.entries) return Error{EFBIG, "receive", {}, "the stream has more entries than allowed"};
  Result<ConfinedTree::Place> target = tree_.Find(*command.path_link);
  if (!target) return target.error();
  Result<ConfinedTree::Place> place = tree_.Find(*command.path);
  if (!place) return place.error();
  if (linkat(target.value().dir(), target.value().name.c_str(), place.value().dir(), place.value().name.c_str(), 0) == 0) return Nothing{};
  return errno == EPERM ? Bad("a hard link to a directory") : Error::last("linkat");
}

Status TreeApplier::Rename(const SendCommand& command) {
  if (!command.path_to) return Bad("a rename to nothing");
  Result<ConfinedTree::Place> from = tree_.Find(*command.path);
  if (!from) return from.error();
  Result<ConfinedTree::Place> to = tree_.Find(*command.path_to);
  if (!to) return to.error();
  if (renameat(from.value().dir(), from.value().name.c_str(), to.value().dir(), to.value().name.c_str()) != 0)
    return Error::last("renameat");
  tree_.Forget(*command.path);
  tree_.Forget(*command.path_to);
  return Nothing{};
}

Status TreeApplier::Remove(const SendCommand& command) {
  const bool directory = command.type == SendType::kRemoveDirectory;
  Result<ConfinedTree::Place> place = tree_.Find(*command.path);
  if (!place) return place.error();
  if (unlinkat(place.value().dir(), place.value().name.c_str(), directory ? AT_REMOVEDIR : 0) != 0) return Error::last("unlinkat");
  if (directory) tree_.Forget(*command.path);
  return Nothing{};
}

Status TreeApplier::SetXattr(const SendCommand& command) {
  if (!command.xattr_name || !command.xattr_data) return Bad("an attribute without a value");
  Result<UniqueFd> at = tree_.Locate(*command.path);
  if (!at) return at.error();
  return tree::writeXattr(at.value().get(), {std::string(*command.xattr_name), std::string(*command.xattr_data)});
}

Status TreeApplier::RemoveXattr(const SendCommand& command) {
  if (!command.xattr_name) return Bad("an attribute without a name");
  Result<UniqueFd> at = tree_.Locate(*command.path);
  if (!at) return at.error();
  if (removexattr(ProcPath(at.value()).c_str(), std::string(*command.xattr_name).c_str()) != 0) return Error::last("removexattr");
  return Nothing{};
}

Status TreeApplier::Chmod(const SendCommand& command) {
  if (!command.mode) return Bad("a chmod without a mode");
  Result<UniqueFd> at = tree_.Locate(*command.path);
  if (!at) return at.error();
  if (chmod(ProcPath(at.value()).c_str(), static_cast<mode_t>(*command.mode & 07777)) != 0) return Error::last("chmod");
  return Nothing{};
}

Status TreeApplier::Chown(const SendCommand& command) {
  // The largest number means "leave as it is" to chown.
  if (!command.uid || !command.gid || *command.uid >= UINT32_MAX || *command.gid >= UINT32_MAX) return Bad("an owner that is none");
  Result<UniqueFd> at = tree_.Locate(*command.path);
  if (!at) return at.error();
  if (fchownat(at.value().get(), "", static_cast<uid_t>(*command.uid), static_cast<gid_t>(*command.gid), AT_EMPTY_PATH) != 0)
    return Error::last("fchownat");
  return Nothing{};
}

Status TreeApplier::SetTimes(const SendCommand& command) {
  const auto valid = [](const std::optional<btrfs::SendTime>& time) { return time && time->nanoseconds < 1'000'000'000; };
  if (!valid(command.modified) || !valid(command.accessed)) return Bad("a time that is none");
  Result<UniqueFd> at = tree_.Locate(*command.path);
  if (!at) return at.error();
  const std::array<timespec, 2> times = {{{static_cast<time_t>(command.accessed->seconds), command.accessed->nanoseconds}, {static_cast<time_t>(command.modified->seconds), command.modified->nanoseconds}}};
  if (command.path->empty()) root_times_ = times;
  if (utimensat(at.value().get(), "", times.data(), AT_EMPTY_PATH) != 0) return Error::last("utimensat");
  return Nothing{};
}

}  // namespace dockerlite::snapshot
