// SPDX-License-Identifier: Apache-2.0
#include "snapshot/send.h"

#include <linux/btrfs.h>
#include <unistd.h>

#include <vector>

#include "archive/sha256.h"
#include "btrfs/send_pipe.h"
#include "btrfs/subvolume.h"
#include "snapshot/format.h"
#include "sys/syscalls.h"

namespace dockerlite::snapshot {
namespace {

Result<UniqueFd> OpenTree(const std::string& path) {
  Result<UniqueFd> fd = OpenDirectory(path);
  if (!fd) return fd;
  if (Status is = btrfs::CheckSubvolume(fd.value().get(), path); !is) return is.error();
  return fd;
}

// Hashes, counts and writes.
class Output {
 public:
  Output(tree::FdWriter writer, tree::Abort& job) : writer_(std::move(writer)), job_(job) {}

  Status Put(std::string_view bytes) {
    hash_.update(bytes.data(), bytes.size());
    job_.advance(bytes.size());
    return writer_.write(bytes.data(), bytes.size());
  }
  Status PutDigest() {
    const std::string digest = hash_.hex();
    if (Status put = Put(kTail); !put) return put;
    return Put(digest);
  }
  Status Flush() { return writer_.flush(); }

 private:
  tree::FdWriter writer_;
  tree::Sha256 hash_;
  tree::Abort& job_;
};

Status Pump(int from, Output& output, const tree::Abort& abort) {
  std::vector<char> buffer(256 * 1024);
  for (;;) {
    if (abort.triggered()) return tree::Abort::error();
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return Error::last("read", "send stream");
    if (count == 0) return Nothing{};
    if (Status put = output.Put({buffer.data(), static_cast<size_t>(count)}); !put) return put;
  }
}

Status PumpStream(int tree, std::optional<uint64_t> parent, const std::string& path, Output& output, const tree::Abort& abort) {
  __u64 source = parent.value_or(0);
  btrfs_ioctl_send_args args = {};
  args.parent_root = source;
  if (parent) {
    // Data that was moved or copied from one file to another is sent as where it is in the parent.
    args.clone_sources = &source;
    args.clone_sources_count = 1;
  }
  return btrfs::SendThroughPipe(tree, args, path, [&](int from) { return Pump(from, output, abort); });
}

}  // namespace

Result<uint64_t> Send(const SendRequest& request, tree::ArchiveEnd target, tree::Abort& abort) {
  Result<UniqueFd> tree = OpenTree(request.tree);
  if (!tree) return tree.error();
  std::optional<uint64_t> parent_id;
  if (request.parent) {
    Result<UniqueFd> parent = OpenTree(*request.parent);
    if (!parent) return parent.error();
    Result<uint64_t> id = btrfs::SubvolumeId(parent.value().get(), *request.parent);
    if (!id) return id.error();
    parent_id = id.value();
  }
  Result<tree::FdWriter> writer = tree::FdWriter::open(std::move(target), abort);
  if (!writer) return writer.error();
  Output output(std::move(writer.value()), abort);
  if (Status head = output.Put(MakeHead(request.description)); !head) return head.error();
  if (Status done = PumpStream(tree.value().get(), parent_id, request.tree, output, abort); !done) return done.error();
  if (Status digest = output.PutDigest(); !digest) return digest.error();
  if (Status flushed = output.Flush(); !flushed) return flushed.error();
  return abort.progress();
}

}  // namespace dockerlite::snapshot
