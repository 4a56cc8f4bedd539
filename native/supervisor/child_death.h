// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace dockerlite {

// liblxc's child asks to die with its parent only after it has heard from it, over a socket of which it holds both ends: a
// supervisor killed before that would leave it waiting for ever, in no group of the container's, where nobody finds it.
// Between these two, what this process clones through syscall(2) dies with it from its first step on.
void BeginDyingTogether();
void EndDyingTogether();

// Ends whatever it is that this process has cloned, where nobody has heard which process that is.
void EndChildren();

// For the child, at once.
void DieWithParent();

}  // namespace dockerlite
