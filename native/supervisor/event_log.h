// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace dockerlite {

// What a supervisor says in the store's event journal: what it alone sees for certain.
class EventLog {
 public:
  EventLog() = default;
  // `attributes`: the members of a JSON object that every event of this container has; no events without `journal`.
  EventLog(std::string journal, std::string id, std::string attributes)
      : journal_(std::move(journal)), id_(std::move(id)), attributes_(std::move(attributes)) {}

  // The container has got another name.
  void SetAttributes(std::string attributes) { attributes_ = std::move(attributes); }
  // An event that cannot be written is lost; nothing of the container depends on it.
  void Record(std::string_view action, std::initializer_list<std::pair<std::string_view, std::string>> attributes = {}) const;

 private:
  std::string journal_, id_, attributes_;
};

}  // namespace dockerlite
