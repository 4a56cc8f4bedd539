// SPDX-License-Identifier: Apache-2.0
#include "archive/fd_stream.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <csignal>

namespace dockerlite::tree {
namespace {

constexpr size_t kBuffer = 256 * 1024;

// True when `fd` is ready for `events`, false when the job was aborted.
Result<bool> waitFor(int fd, short events, const Abort& abort) {
  for (;;) {
    if (abort.triggered()) return false;
    pollfd fds[2] = {{fd, events, 0}, {abort.fd(), POLLIN, 0}};
    // The timeout only matters where no eventfd could be made.
    int ready = ::poll(fds, 2, abort.fd() < 0 ? 100 : -1);
    if (ready < 0 && errno != EINTR) return Error::last("poll");
    if (ready > 0 && fds[1].revents == 0 && fds[0].revents != 0) return true;
  }
}

}  // namespace

Result<FdReader> FdReader::open(ArchiveEnd end, Abort& abort) {
  std::string path;
  if (end.path) {
    path = *end.path;
    // O_NONBLOCK: opening a FIFO must not wait where nothing can abort it.
    end.fd.reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!end.fd) return Error::last("open", path);
  }
  struct stat st;
  if (::fstat(end.fd.get(), &st) != 0) return Error::last("fstat", path);
  if (S_ISDIR(st.st_mode)) return Error{EISDIR, "open", path, {}};
  bool regular = S_ISREG(st.st_mode);
  if (regular) ::posix_fadvise(end.fd.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  FdReader reader(std::move(end.fd), std::move(path), regular, abort);
  if (end.growsTo && regular) reader.expected_ = *end.growsTo;
  return reader;
}

Result<size_t> FdReader::read(void* data, size_t size) {
  for (;;) {
    const uint64_t growth = expected_ > 0 ? abort_->growth() : 0;
    if (abort_->triggered()) return Abort::error();
    if (!regular_) {
      auto ready = waitFor(fd_.get(), POLLIN, *abort_);
      if (!ready) return ready.error();
      if (!ready.value()) return Abort::error();
    }
    ssize_t got = ::read(fd_.get(), data, size);
    if (got == 0 && expected_ > 0) {
      abort_->waitForGrowth(growth);
      continue;
    }
    expected_ -= std::min<uint64_t>(expected_, got > 0 ? static_cast<uint64_t>(got) : 0);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR && errno != EAGAIN) return Error::last("read", path_);
  }
}

Result<FdWriter> FdWriter::open(ArchiveEnd end, Abort& abort) {
  std::string path;
  if (end.path) {
    path = *end.path;
    end.fd.reset(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666));
    if (!end.fd) return Error::last("open", path);
  }
  struct stat st;
  if (::fstat(end.fd.get(), &st) != 0) return Error::last("fstat", path);
  Kind kind = S_ISREG(st.st_mode) ? Kind::regular : S_ISSOCK(st.st_mode) ? Kind::socket : Kind::other;
  if (S_ISFIFO(st.st_mode)) {
    // A description of our own may be non-blocking without anyone else who shares the pipe noticing.
    std::string self = "/proc/self/fd/" + std::to_string(end.fd.get());
    int own = ::open(self.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (own >= 0) end.fd.reset(own);
    kind = own >= 0 ? Kind::other : Kind::pipe;
  }
  // Goes to this thread only: the one that writes.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  FdWriter writer(std::move(end.fd), std::move(path), kind, abort);
  writer.buffer_.reserve(kBuffer);
  return writer;
}

Status FdWriter::write(const void* data, size_t size) {
  auto* bytes = static_cast<const char*>(data);
  if (buffer_.size() + size > kBuffer) {
    if (auto done = flush(); !done) return done;
  }
  if (size >= kBuffer) return put(bytes, size);
  buffer_.insert(buffer_.end(), bytes, bytes + size);
  return Nothing{};
}

Status FdWriter::zeros(size_t size) {
  static const char none[4096] = {};
  while (size > 0) {
    size_t part = std::min(size, sizeof none);
    if (auto done = write(none, part); !done) return done;
    size -= part;
  }
  return Nothing{};
}

Status FdWriter::flush() {
  auto done = put(buffer_.data(), buffer_.size());
  buffer_.clear();
  return done;
}

Status FdWriter::waitWritable() {
  if (abort_->triggered()) return Abort::error();
  if (kind_ == Kind::regular) return Nothing{};
  auto ready = waitFor(fd_.get(), POLLOUT, *abort_);
  if (!ready) return ready.error();
  if (!ready.value()) return Abort::error();
  return Nothing{};
}

Status FdWriter::put(const char* data, size_t size) {
  while (size > 0) {
    if (auto ready = waitWritable(); !ready) return ready;
    ssize_t done;
    if (kind_ == Kind::socket) {
      done = ::send(fd_.get(), data, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      // A pipe that poll called writable takes this much without blocking.
      done = ::write(fd_.get(), data, kind_ == Kind::pipe ? std::min<size_t>(size, 4096) : size);
    }
    if (done >= 0) {
      data += done;
      size -= static_cast<size_t>(done);
    } else if (errno != EINTR && errno != EAGAIN) {
      return Error::last("write", path_);
    }
  }
  return Nothing{};
}

}  // namespace dockerlite::tree
