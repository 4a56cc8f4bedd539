// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// pivot_root(2), and so every container, needs a "/" that is a mount point, which the "/" of a chroot usually is not.
// There this process moves to a mount namespace of its own whose root is the chroot's directory, and `file` becomes the
// same file there: what was opened before cannot be mounted in it. Elsewhere: nothing.
Status EnterOwnRoot(UniqueFd& file);

}  // namespace dockerlite
