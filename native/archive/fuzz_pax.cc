// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input becomes an entry with hostile names, links, times, sizes,
// attributes and ACLs, whose PAX header is written and read back by libarchive: it has to say the same.
#include <archive.h>
#include <archive_entry.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "archive/acl.h"
#include "archive/pax_header.h"
#include "archive/names.h"

namespace {

using namespace dockerlite::tree;

// Cuts values off the input; past its end they are zero and empty.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}
  template <typename T>
  T number() {
    T value = 0;
    const std::string_view part = take(sizeof value);
    memcpy(&value, part.data(), part.size());
    return value;
  }
  std::string text() { return std::string(take(number<uint16_t>() % 700)); }
  // As a path the kernel has given: no NULs.
  std::string name() {
    std::string name = text();
    std::erase(name, '\0');
    return name;
  }

 private:
  std::string_view take(size_t size) {
    const std::string_view part = bytes_.substr(0, size);
    bytes_.remove_prefix(part.size());
    return part;
  }
  std::string_view bytes_;
};

void Check(bool holds, const char* what) {
  if (holds) return;
  fprintf(stderr, "%s\n", what);
  abort();
}

void ReadBack(const PaxEntry& entry, const std::string& bytes) {
  std::unique_ptr<archive, int (*)(archive*)> reader(archive_read_new(), archive_read_free);
  archive_read_support_format_tar(reader.get());
  Check(archive_read_open_memory(reader.get(), bytes.data(), bytes.size()) == ARCHIVE_OK, "libarchive cannot open it");
  archive_entry* read = nullptr;
  const int got = archive_read_next_header(reader.get(), &read);
  Check(got == ARCHIVE_OK || got == ARCHIVE_WARN, archive_error_string(reader.get()));
  const char* name = archive_entry_pathname(read);
  Check(name != nullptr && (entry.name == name || entry.name + "/" == name), "another name");
  Check(entry.type != '0' || archive_entry_size(read) == entry.size, "another size");
  Check(archive_entry_uid(read) == entry.meta.uid && archive_entry_gid(read) == entry.meta.gid, "another owner");
  const char* link = entry.type == '2' ? archive_entry_symlink(read) : entry.type == '1' ? archive_entry_hardlink(read) : nullptr;
  Check(entry.type > '2' || entry.type == '0' || (link != nullptr && entry.link == link), "another link");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  aclText(input.text());
  PaxEntry entry;
  entry.type = static_cast<char>('0' + input.number<uint8_t>() % 7);
  entry.name = input.name();
  if (entry.name.empty() || !cleanName(entry.name) || cleanName(entry.name)->empty()) return 0;
  entry.name = *cleanName(entry.name);
  entry.link = entry.type == '1' || entry.type == '2' ? input.name() : "";
  if ((entry.type == '1' || entry.type == '2') && entry.link.empty()) return 0;
  entry.meta.mode = static_cast<mode_t>(input.number<uint16_t>() & 07777);
  entry.meta.uid = input.number<uint32_t>();
  entry.meta.gid = input.number<uint32_t>();
  entry.meta.mtime = {input.number<int32_t>(), input.number<uint32_t>() % 1000000000};
  if (entry.type == '0') entry.size = static_cast<int64_t>(input.number<uint64_t>() >> 2);
  for (int count = input.number<uint8_t>() % 4; count > 0; count--) {
    // Names of attributes have a namespace; what those two hold goes through aclText.
    const uint8_t kind = input.number<uint8_t>();
    std::string name = kind % 4 == 0 ? "system.posix_acl_access" : kind % 4 == 1 ? "system.posix_acl_default" : "user." + input.name();
    entry.meta.xattrs.push_back({name, input.text()});
  }
  ReadBack(entry, paxHeader(entry) + std::string(1024, '\0'));
  return 0;
}
