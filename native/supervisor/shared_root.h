// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "supervisor/idmap.h"
#include "sys/result.h"

namespace dockerlite {

// The root file system of a container in another one's user namespace. liblxc maps its ids only when it makes that
// namespace itself (version 6; 5 maps them either way), so it is done here, as for the sources of bind mounts: see
// host_mounts.h. The storage type becomes `btrfs`, since for that one liblxc calls mount(2); what it does there
// with a directory is a bind mount like any other.
Status OpenSharedRoot(const Idmap& map, std::vector<std::string>& config);

}  // namespace dockerlite
