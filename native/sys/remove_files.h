// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dockerlite {

// Removes everything in a directory but its directories; what cannot be removed stays.
void RemoveFiles(int directory);

}  // namespace dockerlite
