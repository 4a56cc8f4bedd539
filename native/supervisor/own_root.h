// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "sys/result.h"
#include "sys/unique_fd.h"

namespace dockerlite {

// A container needs a "/" of the supervisor's that is the root of its mount namespace, which that of a chroot is not.
// Below another one pivot_root(2) fails, or, when it is a mount point, leaves what is above it within reach of the
// container: setns(2) takes every exec to the namespace's root, outside.
// There this process moves to a mount namespace of its own whose root is the chroot's directory, and `file` becomes the
// same file there: what was opened before cannot be mounted in it. Elsewhere it only changes the working directory to "/".
Status EnterOwnRoot(UniqueFd& file);

}  // namespace dockerlite
