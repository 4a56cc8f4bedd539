// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/btrfs.h>

#include <functional>
#include <string>

#include "sys/result.h"

namespace dockerlite::btrfs {

// BTRFS_IOC_SEND of the read-only subvolume open on `tree`, on a thread of its own, while `read` takes the stream from a pipe. It may
// stop before the end: then what it returns is the reason, as otherwise what the kernel says is. `args` has all but the pipe.
Status SendThroughPipe(int tree, btrfs_ioctl_send_args args, const std::string& path,
                       const std::function<Status(int from)>& read);

}  // namespace dockerlite::btrfs
