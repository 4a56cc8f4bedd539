// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "archive/abort.h"
#include "archive/decoder.h"
#include "archive/sha256.h"
#include "snapshot/limits.h"
#include "sys/result.h"

namespace dockerlite::snapshot {

struct ReceiveRequest {
  std::optional<std::string> tree;    // a subvolume that the stream makes its own; none: the stream is only checked
  std::optional<std::string> parent;  // the parent's own tree, of which `tree` is a snapshot
  Limits limits;
};

// Reads images that were sent, one after another, compressed or not: a description, then its tree. After an error nothing
// more can be read.
class Receiver {
 public:
  static Result<std::unique_ptr<Receiver>> Open(tree::ArchiveEnd source);

  // Of the next image; nothing after the last.
  Result<std::optional<std::string>> Description();

  // To be called after a description: the tree, which is whole and what was sent when this succeeds.
  Result<Applied> Tree(const ReceiveRequest& request);

  // sha256 of the source as it was read, once Description() has said that there is no more.
  const std::string& digest() const { return digest_; }
  const std::shared_ptr<tree::Abort>& abort() const { return abort_; }

 private:
  Receiver() = default;
  Result<std::string_view> Peek();
  void Advance(size_t size);
  Result<std::string> Read(size_t size);
  Result<std::optional<std::string>> ReadDescription();
  Result<Applied> ReadTree(const ReceiveRequest& request);
  Result<Applied> Stream(const ReceiveRequest& request);

  std::shared_ptr<tree::Abort> abort_ = std::make_shared<tree::Abort>();  // outlives the decoder, whose thread looks at it
  std::unique_ptr<tree::Decoder> decoder_;
  std::string_view rest_;  // of the decoder's block
  tree::Sha256 hash_;      // of the image so far
  std::string digest_;
  bool failed_ = false;
  std::mutex mutex_;  // calls come one at a time, from whatever thread
};

}  // namespace dockerlite::snapshot
