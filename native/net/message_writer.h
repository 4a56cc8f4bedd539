// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/netlink.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace dockerlite::netlink {

// Writes netlink messages without a library: supervisors do, and stay small. What has a length in front of it is an
// object; its length is filled in when it goes.
class Open {
 public:
  Open(const Open&) = delete;
  Open& operator=(const Open&) = delete;

 protected:
  Open(std::string& out, size_t header) : out_(out), at_(out.size()) { out.append(header, '\0'); }
  size_t size() const { return out_.size() - at_; }
  template <typename T>
  void Close(const T& header) {
    memcpy(out_.data() + at_, &header, sizeof header);
    out_.append((4 - out_.size() % 4) % 4, '\0');
  }

 private:
  std::string& out_;
  size_t at_;
};

template <typename T>
void Put(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

class Attribute : Open {
 public:
  Attribute(std::string& out, uint16_t type) : Open(out, sizeof(nlattr)), type_(type) {}
  Attribute(std::string& out, uint16_t type, std::string_view bytes) : Attribute(out, type) { out.append(bytes); }
  ~Attribute() { Close(nlattr{static_cast<uint16_t>(size()), type_}); }

 private:
  uint16_t type_;
};

class Message : Open {
 public:
  Message(std::string& out, uint16_t type, uint16_t flags) : Open(out, sizeof(nlmsghdr)), type_(type), flags_(flags) {}
  ~Message() { Close(nlmsghdr{static_cast<uint32_t>(size()), type_, static_cast<uint16_t>(flags_ | NLM_F_REQUEST), 0, 0}); }

 private:
  uint16_t type_, flags_;
};

}  // namespace dockerlite::netlink
