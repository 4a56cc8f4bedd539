// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dockerlite::tree {

// "/a//./b/../c/" -> "a/c"; "" is the root itself; nothing when a `..` would leave it.
std::optional<std::string> cleanName(std::string_view name);

// The same for paths users type inside a container, where `/..` is `/`.
std::string clampName(std::string_view name);

// "a/b/c" -> {"a/b", "c"}, "c" -> {"", "c"}.
std::pair<std::string, std::string> splitName(const std::string& clean);

std::string joinName(const std::string& directory, const std::string& name);

// A name from an archive, fit for a message: control and non-ASCII bytes escaped, cut to a sensible length.
std::string printable(std::string_view name);

bool isUtf8(std::string_view text);
bool isAscii(std::string_view text);

}  // namespace dockerlite::tree
