// SPDX-License-Identifier: Apache-2.0
#include "snapshot/file_data.h"

#include <fcntl.h>
#include <linux/btrfs.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "archive/abort.h"

namespace dockerlite::snapshot {
namespace {

constexpr size_t kUuidSize = 16;
constexpr uint64_t kMostUnencoded = 128 * 1024;  // of one compressed extent

Error Bad(const char* what) { return Error{EBADMSG, "receive", {}, what}; }

Status PwriteAll(int fd, std::string_view data, uint64_t offset) {
  while (!data.empty()) {
    const ssize_t done = pwrite(fd, data.data(), data.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return Error::last("pwrite");
    data.remove_prefix(static_cast<size_t>(done));
    offset += static_cast<uint64_t>(done);
  }
  return Nothing{};
}

}  // namespace

Status FileData::CheckEnd(uint64_t offset, uint64_t length) const {
  if (offset <= limits_.file_size && length <= limits_.file_size - offset) return Nothing{};
  return Error{EFBIG, "receive", {}, "the file is larger than allowed"};
}

Status FileData::Account(uint64_t offset, uint64_t length) {
  if (Status fits = CheckEnd(offset, length); !fits) return fits;
  applied_.bytes += length;
  if (applied_.bytes > limits_.bytes) return Error{EFBIG, "receive", {}, "the stream has more content than allowed"};
  return Nothing{};
}

Result<int> FileData::OpenTarget(std::string_view path) {
  if (!file_ || path != path_) {
    Result<UniqueFd> opened = tree_.OpenFile(path, O_RDWR);
    if (!opened) return opened.error();
    file_ = std::move(opened.value());
    path_ = path;
  }
  return file_.get();
}

Status FileData::Write(const btrfs::SendCommand& command) {
  if (!command.offset || !command.data) return Bad("a write without data");
  if (Status counted = Account(*command.offset, command.data->size()); !counted) return counted;
  Result<int> file = OpenTarget(*command.path);
  if (!file) return file.error();
  return PwriteAll(file.value(), *command.data, *command.offset);
}

// The kernel takes it as it is; what does not decompress is an error for who reads the file.
Status FileData::WriteEncoded(const btrfs::SendCommand& command) {
  const auto& [offset, data, file_length, length, skip] =
      std::tie(command.offset, command.data, command.unencoded_file_length, command.unencoded_length, command.unencoded_offset);
  if (!offset || !data || !file_length || !length || !skip) return Bad("a compressed write without its sizes");
  if (*length > kMostUnencoded || *skip > *length || *file_length > *length - *skip) return Bad("a compressed write of a wrong size");
  if (command.encryption.value_or(0) != 0) return Error{EOPNOTSUPP, "receive", {}, "encrypted data is not supported"};
  if (Status counted = Account(*offset, *file_length); !counted) return counted;
  Result<int> file = OpenTarget(*command.path);
  if (!file) return file.error();
  iovec vector = {const_cast<char*>(data->data()), data->size()};
  btrfs_ioctl_encoded_io_args args = {};
  args.iov = &vector;
  args.iovcnt = 1;
  args.offset = static_cast<__s64>(*offset);
  args.len = *file_length;
  args.unencoded_len = *length;
  args.unencoded_offset = *skip;
  args.compression = static_cast<__u32>(command.compression.value_or(BTRFS_ENCODED_IO_COMPRESSION_NONE));
  while (ioctl(file.value(), BTRFS_IOC_ENCODED_WRITE, &args) < 0) {
    if (errno != EINTR) return Error::last("ioctl(BTRFS_IOC_ENCODED_WRITE)");
  }
  return Nothing{};
}

Result<UniqueFd> FileData::OpenSource(const btrfs::SendCommand& command) {
  const std::string_view uuid = *command.clone_uuid;
  if (uuid.size() != kUuidSize) return Bad("a clone from nowhere");
  // Names in the tree that is being made are where earlier commands have put them.
  if (uuid == own_uuid_) return tree_.OpenFile(*command.clone_path, O_RDONLY);
  if (parent_ != nullptr && uuid == parent_uuid_) return parent_->OpenFile(*command.clone_path, O_RDONLY);
  return Bad("a clone from a tree that is neither this one nor its parent");
}

Status FileData::Clone(const btrfs::SendCommand& command) {
  if (!command.offset || !command.clone_uuid || !command.clone_path || !command.clone_offset || !command.clone_length)
    return Bad("a clone without its source");
  const uint64_t length = *command.clone_length;
  if (Status fits = CheckEnd(*command.offset, length); !fits) return fits;
  applied_.cloned += length;
  if (applied_.cloned > limits_.cloned) return Error{EFBIG, "receive", {}, "the stream has more content than allowed"};
  Result<UniqueFd> source = OpenSource(command);
  if (!source) return source.error();
  const int from = source.value().get();
  struct stat status = {};
  if (fstat(from, &status) != 0) return Error::last("fstat");
  const auto size = static_cast<uint64_t>(status.st_size);
  if (*command.clone_offset > size || length > size - *command.clone_offset) return Bad("a clone of what is beyond the end");
  Result<int> file = OpenTarget(*command.path);
  if (!file) return file.error();
  // For the kernel no length means all there is.
  if (length == 0) return Nothing{};
  file_clone_range range = {};
  range.src_fd = from;
  range.src_offset = *command.clone_offset;
  range.src_length = length;
  range.dest_offset = *command.offset;
  if (ioctl(file.value(), FICLONERANGE, &range) == 0) return Nothing{};
  // Not on block boundaries here, not with the same attributes, ...: the same bytes, not shared.
  if (errno != EINVAL && errno != EOPNOTSUPP && errno != EXDEV && errno != ETXTBSY) return Error::last("ioctl(FICLONERANGE)");
  if (Status counted = Account(*command.offset, length); !counted) return counted;
  return Copy(from, static_cast<int64_t>(*command.clone_offset), file.value(), static_cast<int64_t>(*command.offset), length);
}

Status FileData::Copy(int from, int64_t from_offset, int to, int64_t to_offset, uint64_t length) {
  std::vector<char> buffer(256 * 1024);
  while (length > 0) {
    if (stop_()) return tree::Abort::error();
    const ssize_t count = pread(from, buffer.data(), std::min<uint64_t>(buffer.size(), length), from_offset);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::last("pread");
    if (count == 0) return Bad("a clone of what is beyond the end");
    const std::string_view data(buffer.data(), static_cast<size_t>(count));
    if (Status done = PwriteAll(to, data, static_cast<uint64_t>(to_offset)); !done) return done;
    from_offset += count;
    to_offset += count;
    length -= static_cast<uint64_t>(count);
  }
  return Nothing{};
}

Status FileData::Truncate(const btrfs::SendCommand& command) {
  if (!command.size) return Bad("a truncation without a size");
  if (Status fits = CheckEnd(*command.size, 0); !fits) return fits;
  Result<int> file = OpenTarget(*command.path);
  if (!file) return file.error();
  if (ftruncate(file.value(), static_cast<off_t>(*command.size)) != 0) return Error::last("ftruncate");
  return Nothing{};
}

Status FileData::Fallocate(const btrfs::SendCommand& command) {
  constexpr uint64_t kKnown = FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_ZERO_RANGE;
  if (!command.fallocate_mode || !command.offset || !command.size) return Bad("an allocation without a size");
  if ((*command.fallocate_mode & ~kKnown) != 0) return Error{EOPNOTSUPP, "receive", {}, "an unknown mode of fallocate"};
  if (Status counted = Account(*command.offset, *command.size); !counted) return counted;
  Result<int> file = OpenTarget(*command.path);
  if (!file) return file.error();
  if (fallocate(file.value(), static_cast<int>(*command.fallocate_mode), static_cast<off_t>(*command.offset),
                static_cast<off_t>(*command.size)) != 0)
    return Error::last("fallocate");
  return Nothing{};
}

}  // namespace dockerlite::snapshot
