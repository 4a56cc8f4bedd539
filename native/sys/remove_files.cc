// SPDX-License-Identifier: Apache-2.0
#include "sys/remove_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include "sys/unique_fd.h"

namespace dockerlite {

void RemoveFiles(int directory) {
  UniqueFd own(openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  std::unique_ptr<DIR, int (*)(DIR*)> entries(own ? fdopendir(own.get()) : nullptr, closedir);
  if (!entries) return;
  static_cast<void>(own.release());
  while (dirent* entry = readdir(entries.get()))
    if (entry->d_type != DT_DIR) unlinkat(directory, entry->d_name, 0);
}

}  // namespace dockerlite
