// SPDX-License-Identifier: Apache-2.0
#include "supervisor/input_stream.h"

#include <cerrno>

namespace dockerlite {

static char g_buffer[64 * 1024];

InputStream::InputStream(EventLoop& loop, UniqueFd target, bool closeAtEnd)
    : loop_(loop), target_(std::move(target)), closeAtEnd_(closeAtEnd) {}

InputStream::~InputStream() { Close(); }

void InputStream::Close() {
  for (auto& source : sources_)
    if (source->watched) loop_.Forget(source->fd.get());
  sources_.clear();
  if (watchingTarget_) loop_.Forget(target_.get());
  watchingTarget_ = false;
  target_.reset();
  std::string().swap(pending_);
  sent_ = 0;
}

void InputStream::Attach(ClientFd fd, ClientId client) {
  if (!target_ || ending_) return;  // closed before: the client's end sees EPIPE
  auto source = std::make_unique<Source>();
  source->fd = std::move(fd);
  source->client = client;
  sources_.push_back(std::move(source));
  Sweep();
}

void InputStream::Detach(ClientId client) {
  for (auto& source : sources_)
    if (source->client == client) source->ended = true;
  Sweep();
}

void InputStream::OnReady(int fd, uint32_t) {
  if (target_ && fd == target_.get()) {
    Push();
    for (auto& source : sources_)
      if (source->file && !broken_ && pending_.empty()) Pull(*source);
  } else {
    for (auto& source : sources_)
      if (source->fd.get() == fd && !broken_ && pending_.empty()) Pull(*source);
  }
  Sweep();
}

void InputStream::Pull(Source& source) {
  ssize_t n = source.fd.Read(g_buffer, sizeof g_buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    source.ended = true;
    return;
  }
  pending_.assign(g_buffer, static_cast<size_t>(n));
  sent_ = 0;
  Push();
}

void InputStream::Push() {
  while (sent_ < pending_.size()) {
    ssize_t n = write(target_.get(), pending_.data() + sent_, pending_.size() - sent_);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      if (errno != EAGAIN) broken_ = true;  // nobody reads it any more; clients learn it by EPIPE
      return;
    }
    sent_ += static_cast<size_t>(n);
  }
  std::string().swap(pending_);
  sent_ = 0;
}

void InputStream::Sweep() {
  if (!target_ || broken_) return Close();
  bool files = false;
  for (auto& source : sources_) {
    if (source->ended && closeAtEnd_) ending_ = true;
    bool listen = !source->ended && !source->file && pending_.empty() && !ending_;
    if (listen && !source->watched) {
      source->watched = loop_.Watch(source->fd.get(), EPOLLIN, this);
      source->file = !source->watched;
    } else if (!listen && source->watched) {
      loop_.Forget(source->fd.get());
      source->watched = false;
    }
    files = files || (source->file && !source->ended);
  }
  std::erase_if(sources_, [](auto& source) { return source->ended; });
  if (ending_ && pending_.empty()) return Close();
  bool watch = !pending_.empty() || files;
  if (watch == watchingTarget_) return;
  watchingTarget_ = watch;
  if (watch)
    loop_.Watch(target_.get(), EPOLLOUT, this);
  else
    loop_.Forget(target_.get());
}

}  // namespace dockerlite
