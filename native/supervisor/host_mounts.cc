// SPDX-License-Identifier: Apache-2.0
#include "supervisor/host_mounts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "supervisor/device_node.h"
#include "supervisor/system_paths.h"

namespace dockerlite {
namespace {

constexpr std::string_view kKey = "lxc.mount.entry=";
constexpr std::string_view kBelow = "x-below=";
constexpr std::string_view kAsIs = "x-asis";
constexpr std::string_view kOf = "x-of=";
constexpr char kDescriptors[] = "/proc/self/fd/";

std::vector<UniqueFd> g_detached;

std::vector<std::string> Words(std::string_view text, char separator) {
  std::vector<std::string> words;
  for (size_t at = 0; at <= text.size();) {
    size_t end = std::min(text.find(separator, at), text.size());
    if (end > at) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

// fstab(5): \040 and the like.
std::string Unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); i++) {
    bool octal = text[i] == '\\' && i + 3 < text.size() && text.find_first_not_of("01234567", i + 1) >= i + 4;
    if (octal) {
      out += static_cast<char>(strtoul(text.substr(i + 1, 3).c_str(), nullptr, 8));
      i += 3;
    } else {
      out += text[i];
    }
  }
  return out;
}

struct Entry {
  std::vector<std::string> fields;  // source, target, type, options, two numbers
  bool bind = false, recursive = false, optional = false, relative = false, asIs = false;
  std::string of;     // process whose mount namespace the source is in, not this one's
  std::string below;  // path below the source that is what is mounted
};

Entry Parse(std::string_view text) {
  Entry entry;
  entry.fields = Words(text, ' ');
  if (entry.fields.size() < 4) return entry;
  std::string others;
  for (auto& word : Words(entry.fields[3], ',')) {
    if (word.starts_with(kBelow)) {
      entry.below = Unescape(word.substr(kBelow.size()));
      continue;
    }
    if (word == kAsIs || word.starts_with(kOf)) {
      entry.asIs = true;
      if (word != kAsIs) entry.of = word.substr(kOf.size());
      continue;
    }
    others += (others.empty() ? "" : ",") + word;
    entry.bind = entry.bind || word == "bind" || word == "rbind";
    entry.recursive = entry.recursive || word == "rbind";
    entry.optional = entry.optional || word == "optional";
    entry.relative = entry.relative || word == "relative";
  }
  entry.fields[3] = others;
  return entry;
}

int SetIds(int mount, int userns, unsigned flags) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<uint64_t>(userns);
  return static_cast<int>(
      syscall(SYS_mount_setattr, mount, "", AT_EMPTY_PATH | flags, &attributes, sizeof attributes));
}

void MapIds(int mount, const std::string& source, bool recursive, int userns, std::vector<std::string>& warnings) {
  if (SetIds(mount, userns, recursive ? AT_RECURSIVE : 0) == 0) return;
  if (recursive && SetIds(mount, userns, 0) == 0) {
    warnings.push_back("ids are not mapped on the file systems mounted below " + source +
                       ": one of them does not support that, so their files belong to nobody in the container");
    return;
  }
  warnings.push_back("ids are not mapped on " + source +
                     ": its file system does not support that, so its files belong to nobody in the container");
}

bool IsDevice(const struct stat& info) { return S_ISCHR(info.st_mode) || S_ISBLK(info.st_mode); }

Result<UniqueFd> OpenTree(const std::string& source, bool recursive) {
  unsigned flags = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | (recursive ? AT_RECURSIVE : 0);
  UniqueFd mount(static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, source.c_str(), flags)));
  if (!mount) return Error::last("open_tree", source);
  return mount;
}

// What a link leads to there, it leads to there: the process's root is that namespace's until it is back.
Result<UniqueFd> OpenTreeOf(const std::string& process, const std::string& source) {
  std::string path = "/proc/" + process + "/ns/mnt";
  UniqueFd back(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC)), other(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!back || !other) return Error::last("open", path);
  if (setns(other.get(), CLONE_NEWNS) != 0) return Error::last("setns", path);
  Result<UniqueFd> opened = OpenTree(source, false);
  // This process's root is that of its mount namespace, see own_root.h: it is so again.
  if (setns(back.get(), CLONE_NEWNS) != 0) _exit(125);  // cannot happen, must not go on
  return opened;
}

// Other containers may be at work in there: no link they make leads out.
Result<UniqueFd> OpenTreeBelow(const std::string& source, const std::string& path) {
  UniqueFd top(open(source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!top) return Error::last("open", source);
  open_how how{};
  how.flags = O_PATH | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  UniqueFd found;
  // EAGAIN: something was renamed meanwhile.
  for (int attempt = 0; attempt < 100 && !found; attempt++) {
    found.reset(static_cast<int>(syscall(SYS_openat2, top.get(), path.c_str(), &how, sizeof how)));
    if (!found && errno != EAGAIN && errno != EINTR) break;
  }
  if (!found) return Error::last("openat2", source + "/" + path);
  unsigned flags = AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC;
  UniqueFd mount(static_cast<int>(syscall(SYS_open_tree, found.get(), "", flags)));
  if (!mount) return Error::last("open_tree", source + "/" + path);
  return mount;
}

Result<UniqueFd> OpenSource(const Entry& entry, const Idmap& map, int userns, std::vector<std::string>& warnings) {
  const std::string source = Unescape(entry.fields[0]);
  struct stat info {};
  if (map && !entry.asIs && stat(source.c_str(), &info) == 0 && IsDevice(info)) return MakeDeviceNode(info, map);
  if (!entry.of.empty()) return OpenTreeOf(entry.of, source);
  Result<UniqueFd> opened = entry.below.empty() ? OpenTree(source, entry.recursive) : OpenTreeBelow(source, entry.below);
  if (opened && map && !entry.asIs) MapIds(opened.value().get(), source, entry.recursive, userns, warnings);
  return opened;
}

bool IsDetached(int fd) {
  for (auto& mount : g_detached)
    if (mount.get() == fd) return true;
  return false;
}

// The number in "/proc/self/fd/NUMBER" when it is one of ours, else -1.
int DetachedSource(const char* source) {
  if (!source || strncmp(source, kDescriptors, sizeof kDescriptors - 1) != 0) return -1;
  char* end;
  long number = strtol(source + sizeof kDescriptors - 1, &end, 10);
  return *end == '\0' && IsDetached(static_cast<int>(number)) ? static_cast<int>(number) : -1;
}

}  // namespace

// What liblxc's child calls.
extern "C" __attribute__((visibility("default"))) int mount(const char* source, const char* target, const char* type,
                                                            unsigned long flags, const void* data) noexcept {
  if (type && strcmp(type, kSystemPaths) == 0) return CoverSystemPaths(target, static_cast<const char*>(data));
  int detached = (flags & MS_BIND) && !(flags & MS_REMOUNT) ? DetachedSource(source) : -1;
  if (detached >= 0)
    return static_cast<int>(syscall(SYS_move_mount, detached, "", AT_FDCWD, target,
                                    MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS));
  return static_cast<int>(syscall(SYS_mount, source, target, type, flags, data));
}

std::string KeepDetached(UniqueFd mount) {
  g_detached.push_back(std::move(mount));
  return kDescriptors + std::to_string(g_detached.back().get());
}

Status OpenHostMounts(const Idmap& map, std::vector<std::string>& config, std::vector<std::string>& warnings) {
  UniqueFd userns;
  for (auto& item : config) {
    if (!item.starts_with(kKey)) continue;
    Entry entry = Parse(std::string_view(item).substr(kKey.size()));
    if (!entry.bind || entry.optional || entry.relative || entry.fields[0][0] != '/') continue;
    if (!map && entry.below.empty() && entry.of.empty()) continue;
    if (map && !entry.asIs && !userns) {
      Result<UniqueFd> made = MakeUserNamespace(map);
      if (!made) return made.error();
      userns = std::move(made.value());
    }
    Result<UniqueFd> opened = OpenSource(entry, map, userns.get(), warnings);
    if (!opened) return opened.error();
    entry.fields[0] = KeepDetached(std::move(opened.value()));
    item = kKey;
    for (auto& field : entry.fields) item += (&field == &entry.fields[0] ? "" : " ") + field;
  }
  return Nothing{};
}

void CloseHostMounts() { g_detached.clear(); }

}  // namespace dockerlite
