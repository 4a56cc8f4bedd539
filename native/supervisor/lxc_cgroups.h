// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace dockerlite {

// The control group of every supervisor. One of its own for each, as liblxc makes them, has no use here, and costs: a kernel
// with 1,000 containers keeps 100 KiB and more for a memory group alone, whoever is in it.
inline constexpr char kMonitors[] = "lxc.monitors";

// Where liblxc makes its groups: a directory of each hierarchy. Found out once, which a process does before it has threads.
const std::vector<std::string>& CgroupBases();

// The name of a container's group, and one that is not there in any hierarchy, which takes a look at each.
std::string PayloadGroup(const std::string& id);
std::string FreePayloadGroup(const std::string& id);

// Moves this process into the supervisors' group of every hierarchy; false when one of them is not there yet. liblxc makes
// them in its first start.
bool JoinMonitors();
// Afterwards: a move that changes nothing.
void StayInMonitors();

// From here to the other liblxc, in this process and in what it forks, is kept from what it would do to control groups for
// nothing: move its monitor to where JoinMonitors has brought it already, and give a container's groups to its root, who
// unless it `delegates` can reach none. The executable exports the functions of libc by which liblxc does that.
void BeginSparing(bool delegates);
void EndSparing();

}  // namespace dockerlite
