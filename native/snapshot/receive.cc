// SPDX-License-Identifier: Apache-2.0
#include "snapshot/receive.h"

#include <algorithm>

#include "btrfs/send_stream.h"
#include "btrfs/subvolume.h"
#include "snapshot/format.h"
#include "snapshot/tree_applier.h"
#include "sys/syscalls.h"

namespace dockerlite::snapshot {
namespace {

Error Bad(const char* what) { return Error{EBADMSG, "receive", {}, what}; }

Result<UniqueFd> OpenTree(const std::optional<std::string>& path) {
  if (!path) return UniqueFd();
  Result<UniqueFd> fd = OpenDirectory(*path);
  if (!fd) return fd;
  if (Status is = btrfs::CheckSubvolume(fd.value().get(), *path); !is) return is.error();
  return fd;
}

}  // namespace

Result<std::unique_ptr<Receiver>> Receiver::Open(tree::ArchiveEnd source) {
  std::unique_ptr<Receiver> self(new Receiver());
  Result<tree::FdReader> reader = tree::FdReader::open(std::move(source), *self->abort_);
  if (!reader) return reader.error();
  self->decoder_ = std::make_unique<tree::Decoder>(std::move(reader.value()), true, *self->abort_);
  return self;
}

// What comes next, empty at the end.
Result<std::string_view> Receiver::Peek() {
  if (!rest_.empty()) return rest_;
  if (abort_->triggered()) return tree::Abort::error();
  auto block = decoder_->next();
  if (!block) {
    // Aborting stops the decoder too, in its own words.
    if (abort_->triggered()) return tree::Abort::error();
    if (block.error().syscall == "unpack") return Bad("the stream is empty");
    return block.error();
  }
  rest_ = std::string_view(block.value().data(), block.value().size());
  return rest_;
}

void Receiver::Advance(size_t size) {
  hash_.update(rest_.data(), size);
  rest_.remove_prefix(size);
  abort_->advance(size);
}

// Memory is taken as bytes come, not as a length promises them.
Result<std::string> Receiver::Read(size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    Result<std::string_view> next = Peek();
    if (!next) return next.error();
    if (next.value().empty()) return Bad("the stream ends too early");
    const size_t part = std::min(next.value().size(), size - bytes.size());
    bytes.append(next.value().substr(0, part));
    Advance(part);
  }
  return bytes;
}

Result<std::optional<std::string>> Receiver::Description() {
  std::lock_guard lock(mutex_);
  if (failed_) return Bad("what comes after a failure is not read");
  auto description = ReadDescription();
  failed_ = !description;
  return description;
}

Result<Applied> Receiver::Tree(const ReceiveRequest& request) {
  std::lock_guard lock(mutex_);
  if (failed_) return Bad("what comes after a failure is not read");
  auto applied = ReadTree(request);
  failed_ = !applied;
  return applied;
}

Result<std::optional<std::string>> Receiver::ReadDescription() {
  Result<std::string_view> next = Peek();
  if (!next) return next.error();
  if (next.value().empty()) {
    digest_ = decoder_->digests().source;
    return std::optional<std::string>();
  }
  hash_ = tree::Sha256();
  Result<std::string> head = Read(kHeadSize);
  if (!head) return head.error();
  if (!head.value().starts_with(kHead)) return Bad("not an image that was sent");
  const std::string_view numbers = std::string_view(head.value()).substr(kHead.size());
  if (ReadLittle(numbers) != kVersion) return Error{EOPNOTSUPP, "receive", {}, "sent by a newer version"};
  const uint32_t length = ReadLittle(numbers.substr(4));
  if (length > kLongestDescription) return Bad("its description is too long");
  Result<std::string> description = Read(length);
  if (!description) return description.error();
  return std::optional<std::string>(std::move(description.value()));
}

Result<Applied> Receiver::Stream(const ReceiveRequest& request) {
  Result<UniqueFd> root = OpenTree(request.tree);
  if (!root) return root.error();
  Result<UniqueFd> parent = OpenTree(request.parent);
  if (!parent) return parent.error();
  TreeApplier applier(std::move(root.value()), std::move(parent.value()), request.limits, [this] { return abort_->triggered(); });
  btrfs::SendStream stream([&](const btrfs::SendCommand& command) -> Status {
    if (abort_->triggered()) return tree::Abort::error();
    if (!request.tree) return Nothing{};
    return applier.Apply(command);
  });
  while (!stream.ended()) {
    Result<std::string_view> next = Peek();
    if (!next) return next.error();
    if (next.value().empty()) return Bad("the stream ends too early");
    Result<size_t> taken = stream.Feed(next.value());
    if (!taken) return taken.error();
    Advance(taken.value());
  }
  return applier.applied();
}

Result<Applied> Receiver::ReadTree(const ReceiveRequest& request) {
  Result<Applied> applied = Stream(request);
  if (!applied) return applied;
  const std::string digest = hash_.hex();
  Result<std::string> tail = Read(kTail.size() + kDigestSize);
  if (!tail) return tail.error();
  if (!tail.value().starts_with(kTail)) return Bad("the stream does not end where it should");
  if (tail.value().substr(kTail.size()) != digest) return Error{EBADMSG, "receive", {}, "the stream was altered: its digest is wrong"};
  return applied;
}

}  // namespace dockerlite::snapshot
