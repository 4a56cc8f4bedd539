// SPDX-License-Identifier: Apache-2.0
#include "supervisor/event_log.h"

#include "supervisor/json_log.h"
#include "sys/journal.h"

namespace dockerlite {

void EventLog::Record(std::string_view action, std::initializer_list<std::pair<std::string_view, std::string>> attributes) const {
  if (journal_.empty()) return;
  std::string event = "{\"Type\":\"container\",\"Action\":\"";
  AppendJson(event, action);
  event += "\",\"Actor\":{\"ID\":\"";
  AppendJson(event, id_);
  event += "\",\"Attributes\":{";
  // Labels among them: of two members of one name the last counts.
  event += attributes_;
  for (auto& [name, value] : attributes) {
    if (event.back() != '{') event += ',';
    event += '"';
    AppendJson(event, name);
    event += "\":\"";
    AppendJson(event, value);
    event += '"';
  }
  event += "}},\"scope\":\"local\"";
  (void)AppendEvent(journal_, event);
}

}  // namespace dockerlite
