// SPDX-License-Identifier: Apache-2.0
#include "supervisor/json_log.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cstdio>
#include <ctime>

namespace dockerlite {
namespace {

constexpr size_t kMaxLine = 16 * 1024;
constexpr size_t kFlushAt = 64 * 1024;

// Length of the valid UTF-8 sequence at the start of `text`, 0 when there is none.
size_t SequenceLength(std::string_view text) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  auto follows = [&](size_t i) { return i < text.size() && (byte(i) & 0xc0) == 0x80; };
  unsigned char first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2)) return 0;
    if (first == 0xe0 && byte(1) < 0xa0) return 0;  // overlong
    if (first == 0xed && byte(1) > 0x9f) return 0;  // surrogate
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    if (first == 0xf0 && byte(1) < 0x90) return 0;
    if (first == 0xf4 && byte(1) > 0x8f) return 0;
    return 4;
  }
  return 0;
}

bool Plain(unsigned char c) {
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\' && c != '<' && c != '>' && c != '&';
}

void AppendEscaped(std::string& out, unsigned char c) {
  static const char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"': out += "\\\""; return;
    case '\\': out += "\\\\"; return;
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    default:
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
  }
}

}  // namespace

void AppendJson(std::string& out, std::string_view text) {
  size_t plain = 0;
  for (size_t at = 0; at < text.size();) {
    auto c = static_cast<unsigned char>(text[at]);
    if (Plain(c)) {
      at++;
      continue;
    }
    out.append(text.substr(plain, at - plain));
    if (c < 0x80) {
      AppendEscaped(out, c);
      plain = ++at;
      continue;
    }
    size_t length = SequenceLength(text.substr(at));
    std::string_view sequence = text.substr(at, length);
    if (length == 0)
      out += "\\ufffd";
    else if (sequence == "\xe2\x80\xa8")
      out += "\\u2028";
    else if (sequence == "\xe2\x80\xa9")
      out += "\\u2029";
    else
      out += sequence;
    plain = at += length ? length : 1;
  }
  out.append(text.substr(plain));
}

int64_t NowNs() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

std::string FormatTime(int64_t nanoseconds) {
  time_t seconds = nanoseconds / 1'000'000'000;
  auto fraction = static_cast<long>(nanoseconds % 1'000'000'000);
  tm utc{};
  gmtime_r(&seconds, &utc);
  char text[80];
  int length = snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%09ld", utc.tm_year + 1900, utc.tm_mon + 1,
                        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, fraction);
  std::string out(text, static_cast<size_t>(length));
  out.erase(out.find_last_not_of('0') + 1);
  if (out.back() == '.') out.pop_back();
  return out + "Z";
}

JsonLog::JsonLog(std::string path, uint64_t maxSize, uint32_t maxFiles)
    : path_(std::move(path)), maxSize_(maxSize), maxFiles_(maxFiles) {
  fd_.reset(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  struct stat info {};
  if (fd_ && fstat(fd_.get(), &info) == 0) size_ = static_cast<uint64_t>(info.st_size);
}

void JsonLog::Write(LogStream stream, std::string_view bytes) {
  if (!fd_) return;
  std::string& line = lines_[static_cast<int>(stream)];
  while (!bytes.empty()) {
    size_t newline = bytes.find('\n');
    size_t take = newline == std::string_view::npos ? bytes.size() : newline + 1;
    size_t room = kMaxLine - line.size();
    bool ends = newline != std::string_view::npos && newline <= room;  // the newline itself does not count
    if (!ends && take > room) take = room;
    if (line.empty() && (ends || take == kMaxLine)) {
      Entry(stream, bytes.substr(0, take));
    } else {
      line.append(bytes.substr(0, take));
      if (ends || line.size() >= kMaxLine) {
        Entry(stream, line);
        line.clear();
      }
    }
    bytes.remove_prefix(take);
  }
}

void JsonLog::EndStream(LogStream stream) {
  std::string& line = lines_[static_cast<int>(stream)];
  if (!line.empty()) Entry(stream, line);
  std::string().swap(line);
}

void JsonLog::Entry(LogStream stream, std::string_view line) {
  size_t start = out_.size();
  out_ += "{\"log\":\"";
  AppendJson(out_, line);
  out_ += stream == LogStream::kStdout ? "\",\"stream\":\"stdout\",\"time\":\"" : "\",\"stream\":\"stderr\",\"time\":\"";
  out_ += FormatTime(NowNs());
  out_ += "\"}\n";
  size_t length = out_.size() - start;
  if (maxSize_ && size_ + length > maxSize_ && size_ > 0) {
    std::string entry = out_.substr(start);
    out_.resize(start);
    Flush();
    Rotate();
    out_ = std::move(entry);
  }
  size_ += length;
  if (out_.size() >= kFlushAt) Flush();
}

void JsonLog::Rotate() {
  size_ = 0;
  // A new file in either case: who follows has the old one open and reads the rest of it.
  if (maxFiles_ < 2) unlink(path_.c_str());
  for (uint32_t i = maxFiles_ - 1; maxFiles_ > 1 && i > 1; i--)
    rename((path_ + "." + std::to_string(i - 1)).c_str(), (path_ + "." + std::to_string(i)).c_str());
  if (maxFiles_ > 1) rename(path_.c_str(), (path_ + ".1").c_str());
  UniqueFd next(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640));
  if (next) fd_ = std::move(next);
}

void JsonLog::Flush() {
  std::string_view rest = out_;
  while (fd_ && !rest.empty()) {
    ssize_t n = write(fd_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    rest.remove_prefix(static_cast<size_t>(n));
  }
  if (out_.capacity() > 4096)
    std::string().swap(out_);
  else
    out_.clear();
}

}  // namespace dockerlite
