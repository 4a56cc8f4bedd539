// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sys/result.h"

namespace dockerlite {

// When the journal becomes PATH.1 and a new one is begun.
struct JournalRotation {
  uint64_t size = 4 << 20;  // longer than this,
  int64_t keep = 10;        // and the last PATH.1 has been there for so many seconds: a reader has time to see all of it
};

// A JSON object without its closing brace, completed by the present time: a line of the journal.
std::string TimedEvent(std::string_view event);

// Appends a line, given without its end, in one write(2). Any number of processes may do so at once: it goes to the journal or,
// once, to the one that has just become PATH.1. Takes microseconds.
Status AppendLine(const std::string& path, std::string line, const JournalRotation& rotation = {});

// Both.
Status AppendEvent(const std::string& path, std::string_view event, const JournalRotation& rotation = {});

}  // namespace dockerlite
