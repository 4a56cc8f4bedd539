// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace dockerlite {

// The first of what a process writes.
class OutputCapture {
 public:
  void Append(std::string_view data) {
    const size_t room = kLimit - text_.size();
    cut_ = cut_ || data.size() > room;
    text_.append(data.substr(0, std::min(room, data.size())));
  }
  // Three dots say that there was more.
  std::string text() const { return cut_ ? text_ + "..." : text_; }

 private:
  static constexpr size_t kLimit = 4096;
  std::string text_;
  bool cut_ = false;
};

}  // namespace dockerlite
