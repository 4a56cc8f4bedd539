// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer (clang -fsanitize=fuzzer,address); not part of any target. Feeds the input in pieces, as a socket would.
#include <fcntl.h>

#include <cstddef>

#include "supervisor/frame.h"
#include "supervisor/messages.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace dockerlite;
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  wire::FrameParser parser;
  size_t step = size ? 1 + data[0] % 64 : 1;
  while (!bytes.empty()) {
    if (bytes[0] & 1) parser.Feed(UniqueFd(open("/dev/null", O_RDONLY | O_CLOEXEC)));
    parser.Feed(bytes.substr(0, step));
    bytes.remove_prefix(bytes.size() < step ? bytes.size() : step);
    while (auto frame = parser.Next()) {
      if (auto start = ParseStart(frame->body)) PayloadCapabilities(start->payload);
      ParseRequest(static_cast<FrameType>(frame->type), frame->body);
    }
  }
  return 0;
}
