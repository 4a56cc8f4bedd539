// SPDX-License-Identifier: Apache-2.0
#include "archive/packer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace dockerlite::tree {
namespace {

// Bytes of holes from which a file is packed as sparse. Docker and Podman unpack such an entry, but cannot put the layer
// together again when they push or save it, so what is small is written out.
constexpr int64_t kSparse = 16 << 20;

int64_t holes(const std::vector<Region>& regions, int64_t size) {
  for (const Region& region : regions) size -= region.size;
  return size;
}

}  // namespace

Result<Count> Packer::finish() {
  if (auto end = out_.zeros(1024); !end) return end.error();
  if (auto end = out_.flush(); !end) return end.error();
  return count_;
}

Status Packer::marker(const std::string& name) {
  PaxEntry entry;
  entry.name = name;
  entry.meta.mode = S_IFREG | 0600;
  entry.meta.mtime = {0, 0};
  return emit(entry);
}

Status Packer::emit(const PaxEntry& entry) {
  std::string header = paxHeader(entry);
  count_.entries++;
  return out_.write(header.data(), header.size());
}

Status Packer::content(int fd, const Region& region) {
  for (int64_t done = 0; done < region.size;) {
    if (abort_.triggered()) return Abort::error();
    size_t part = std::min<int64_t>(region.size - done, kBuffer);
    ssize_t got = ::pread(fd, buffer_.data(), part, region.offset + done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error::last("pread");
    if (got == 0) {  // shorter than it was
      std::fill_n(buffer_.begin(), part, '\0');
      got = static_cast<ssize_t>(part);
    }
    if (auto put = out_.write(buffer_.data(), static_cast<size_t>(got)); !put) return put;
    done += got;
  }
  return Nothing{};
}

Status Packer::file(const Visit& visit, PaxEntry& entry) {
  auto fd = reopen(visit.fd, O_RDONLY);
  if (!fd) return fd.error();
  entry.size = visit.st.st_size;
  std::vector<Region> regions = {{0, entry.size}};
  if (visit.st.st_blocks * 512 < entry.size) {
    auto found = dataRegions(fd.value().get(), entry.size);
    if (!found) return found.error();
    regions = std::move(found.value());
    entry.sparse = holes(regions, entry.size) >= kSparse;
    if (!entry.sparse) regions = {{0, entry.size}};
    entry.regions = entry.sparse ? regions : std::vector<Region>{};
  }
  if (auto done = emit(entry); !done) return done;
  int64_t total = 0;
  for (const Region& region : regions) {
    if (auto done = content(fd.value().get(), region); !done) return done;
    total += region.size;
  }
  count_.bytes += static_cast<uint64_t>(total);
  return out_.zeros(static_cast<size_t>(-total & 511));
}

Result<bool> Packer::add(const Visit& visit, const std::string& name) {
  if (abort_.triggered()) return Abort::error();
  if (S_ISSOCK(visit.st.st_mode)) return false;
  PaxEntry entry;
  entry.name = name;
  auto meta = readMeta(visit);
  if (!meta) return meta.error();
  entry.meta = std::move(meta.value());
  mode_t type = visit.st.st_mode & S_IFMT;
  if (type != S_IFCHR && type != S_IFBLK) entry.meta.device = 0;
  if (type == S_IFDIR) {
    entry.type = '5';
    entry.name = entry.name.empty() ? "./" : entry.name + "/";
    if (auto done = emit(entry); !done) return done.error();
    return true;
  }
  if (visit.st.st_nlink > 1) {
    auto [first, fresh] = seen_.emplace(std::pair(visit.st.st_dev, visit.st.st_ino), entry.name);
    if (!fresh) {
      entry.type = '1';
      entry.link = first->second;
      entry.meta.xattrs.clear();
    }
  }
  if (entry.type == '0' && type == S_IFREG) {
    if (auto done = file(visit, entry); !done) return done.error();
    return false;
  }
  if (entry.type == '0' && type == S_IFLNK) {
    auto target = readLink(visit.fd, visit.path);
    if (!target) return target.error();
    entry.link = std::move(target.value());
  }
  if (entry.type == '0') entry.type = type == S_IFLNK ? '2' : type == S_IFCHR ? '3' : type == S_IFBLK ? '4' : '6';
  if (auto done = emit(entry); !done) return done.error();
  return false;
}

}  // namespace dockerlite::tree
