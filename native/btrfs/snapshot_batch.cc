// SPDX-License-Identifier: Apache-2.0
#include "btrfs/snapshot_batch.h"

#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <system_error>
#include <thread>

#include "btrfs/subvolume.h"
#include "sys/syscalls.h"

namespace dockerlite::btrfs {
namespace {

// Sources are few and requests many: every source is opened once.
class Sources {
 public:
  explicit Sources(const std::vector<SnapshotRequest>& requests) {
    for (const SnapshotRequest& request : requests)
      if (!open_.contains(request.source)) open_.emplace(request.source, OpenDirectory(request.source));
  }
  const Result<UniqueFd>& at(const std::string& source) const { return open_.at(source); }

 private:
  std::map<std::string, Result<UniqueFd>> open_;
};

Result<UniqueFd> OpenOrMakeDirectory(const std::string& path) {
  Result<UniqueFd> directory = OpenDirectory(path);
  if (directory || directory.error().code != ENOENT) return directory;
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return Error::last("mkdir", path);
  return OpenDirectory(path);
}

std::optional<Error> RunOne(const SnapshotRequest& request, const Result<UniqueFd>& source) {
  if (!source) return source.error();
  Result<UniqueFd> directory = OpenOrMakeDirectory(request.parent);
  if (!directory) return directory.error();
  Status made =
      CreateSnapshotAt(source.value().get(), directory.value().get(), request.parent, request.name, request.readonly);
  if (made) return std::nullopt;
  return made.error();
}

}  // namespace

std::vector<std::optional<Error>> SnapshotBatch(const std::vector<SnapshotRequest>& requests, int threads) {
  std::vector<std::optional<Error>> answers(requests.size());
  const Sources sources(requests);
  std::atomic<size_t> next = 0;
  auto work = [&] {
    for (size_t i; (i = next.fetch_add(1, std::memory_order_relaxed)) < requests.size();)
      answers[i] = RunOne(requests[i], sources.at(requests[i].source));
  };
  const size_t wanted = std::min<size_t>(static_cast<size_t>(std::clamp(threads, 1, 256)), requests.size());
  std::vector<std::thread> others;
  for (size_t i = 1; i < wanted; i++) {
    try {
      others.emplace_back(work);
    } catch (const std::system_error&) {
      break;  // a limit on threads only makes the batch slower: this thread works too
    }
  }
  work();
  for (std::thread& thread : others) thread.join();
  return answers;
}

}  // namespace dockerlite::btrfs
