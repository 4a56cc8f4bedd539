// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "supervisor/idmap.h"
#include "sys/result.h"

namespace dockerlite {

// Bind mounts of a container that has a user namespace. liblxc makes them as the container's root, which is nobody to the
// host: it cannot reach a source below a directory of mode 0700, nor map the ids of what it finds there. So this process
// opens each source before liblxc clones, as a mount that is attached nowhere yet, with the container's ids. The setting
// then names the descriptor, and the executable's own mount(2), which is the one liblxc calls, attaches that mount.
//
// Ids are mapped as the root file system's are: what the container's root writes belongs to the host's root. Where a file
// system cannot be mapped it is mounted as it is, with a warning.
//
// An option `x-below=PATH` mounts what is at PATH below the source, found without leaving it, in containers without a user
// namespace too.
//
// The option `x-asis` is for files whose owner is the container's root already, or that it only reads; `x-of=PID`
// names a process in whose mount namespace the source is.
//
// Rewrites `lxc.mount.entry` settings whose source is absolute and which are not optional.
Status OpenHostMounts(const Idmap& map, std::vector<std::string>& config, std::vector<std::string>& warnings);

// Keeps a mount that is attached nowhere until then, and says what source it is to the executable's mount(2).
std::string KeepDetached(UniqueFd mount);

// Closes them. The container has its own by now.
void CloseHostMounts();

}  // namespace dockerlite
