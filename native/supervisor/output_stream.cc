// SPDX-License-Identifier: Apache-2.0
#include "supervisor/output_stream.h"

#include <algorithm>
#include <cerrno>

namespace dockerlite {
namespace {

constexpr size_t kQueueLimit = 64 * 1024;
char g_buffer[64 * 1024];  // one thread; only the pages that are read into become resident

}  // namespace

OutputStream::OutputStream(EventLoop& loop, UniqueFd source, JsonLog* log, LogStream which,
                           OutputCapture* capture)
    : loop_(loop), source_(std::move(source)), log_(log), which_(which), capture_(capture) {
  Listen(true);
}

OutputStream::~OutputStream() {
  Listen(false);
  for (auto& sink : sinks_) loop_.Forget(sink->fd.get());
}

// Not EPOLL_CTL_MOD to no events: epoll reports a hang-up all the same, and would spin.
void OutputStream::Listen(bool on) {
  if (!source_ || on == listening_) return;
  listening_ = on;
  if (on)
    loop_.Watch(source_.get(), EPOLLIN, this);
  else
    loop_.Forget(source_.get());
}

void OutputStream::Attach(ClientFd fd, ClientId client) {
  auto sink = std::make_unique<Sink>();
  sink->fd = std::move(fd);
  sink->client = client;
  sinks_.push_back(std::move(sink));
  Sweep();
}

void OutputStream::Detach(ClientId client) {
  for (auto& sink : sinks_)
    if (sink->client == client) sink->dead = true;
  Sweep();
}

bool OutputStream::attached(ClientId client) const {
  return std::any_of(sinks_.begin(), sinks_.end(), [&](auto& sink) { return sink->client == client; });
}

void OutputStream::OnReady(int fd, uint32_t) {
  if (source_ && fd == source_.get()) {
    ReadOnce();
  } else {
    for (auto& sink : sinks_)
      if (sink->fd.get() == fd) Push(*sink);
  }
  Sweep();
}

bool OutputStream::ReadOnce() {
  ssize_t n = read(source_.get(), g_buffer, sizeof g_buffer);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return errno == EINTR;
  if (n <= 0) {  // a terminal says EIO when its last user is gone
    EndSource();
    return false;
  }
  Deliver({g_buffer, static_cast<size_t>(n)});
  return true;
}

void OutputStream::EndSource() {
  Listen(false);
  source_.reset();
  if (log_) log_->EndStream(which_);
}

void OutputStream::Deliver(std::string_view data) {
  if (log_) log_->Write(which_, data);
  if (capture_) capture_->Append(data);
  if (finished_) return;
  for (auto& sink : sinks_) {
    if (sink->dead) continue;
    std::string_view rest = data;
    while (sink->queue.empty() && !rest.empty()) {
      ssize_t n = sink->fd.Write(rest.data(), rest.size());
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        if (errno != EAGAIN) sink->dead = true;
        break;
      }
      rest.remove_prefix(static_cast<size_t>(n));
    }
    if (!sink->dead) sink->queue.append(rest);
  }
}

void OutputStream::Push(Sink& sink) {
  size_t done = 0;
  while (done < sink.queue.size()) {
    ssize_t n = sink.fd.Write(sink.queue.data() + done, sink.queue.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      if (errno != EAGAIN) sink.dead = true;
      break;
    }
    done += static_cast<size_t>(n);
  }
  sink.queue.erase(0, done);
}

// Brings what is watched, kept and paused in line with the queues.
void OutputStream::Sweep() {
  bool full = false;
  bool ended = !source_ || finished_;
  for (auto& sink : sinks_) {
    if (sink->queue.empty() && ended) sink->dead = true;
    bool waiting = !sink->dead && !sink->queue.empty();
    if (waiting && !sink->watched)
      sink->watched = loop_.Watch(sink->fd.get(), EPOLLOUT, this);
    else if (!waiting && sink->watched) {
      loop_.Forget(sink->fd.get());
      sink->watched = false;
    }
    // What epoll cannot watch never says EAGAIN; should it do so all the same, it is of no use.
    if (waiting && !sink->watched) sink->dead = true;
    if (waiting && sink->queue.size() > kQueueLimit) full = true;
    if (sink->queue.empty() && sink->queue.capacity() > 4096) std::string().swap(sink->queue);
  }
  std::erase_if(sinks_, [](auto& sink) { return sink->dead; });
  Listen(!full || finished_);
}

void OutputStream::Finish(bool hold) {
  while (source_ && ReadOnce()) {
  }
  if (!hold && source_) EndSource();
  finished_ = true;
  Sweep();
}

}  // namespace dockerlite
