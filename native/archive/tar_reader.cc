// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_reader.h"

#include <locale.h>

#include <cstring>

namespace dockerlite::tree {
namespace {

// What may come on top of file content: padding at the end, and headers for each entry.
constexpr uint64_t kSlack = 16 << 20;
constexpr uint64_t kSlackPerEntry = 64 << 10;

// libarchive keeps PAX names as they are only where the locale cannot express them (otherwise it normalises Unicode
// or replaces what is not UTF-8), and says so with this warning. In the C locale that is every name not ASCII.
bool isNameWarning(archive* handle) {
  const char* text = archive_error_string(handle);
  return text != nullptr && strstr(text, "can't be converted from") != nullptr;
}

}  // namespace

TarReader::TarReader(Decoder& decoder, std::optional<uint64_t> maxBytes)
    : decoder_(decoder), handle_(archive_read_new(), archive_read_free), maxBytes_(maxBytes) {
  locale_t plain = newlocale(LC_ALL_MASK, "C", nullptr);
  locale_ = plain;
  oldLocale_ = uselocale(plain);  // this thread's only
}

TarReader::~TarReader() {
  handle_.reset();
  uselocale(static_cast<locale_t>(oldLocale_));
  freelocale(static_cast<locale_t>(locale_));
}

Result<std::span<const char>> TarReader::pull() {
  auto got = decoder_.next();
  if (!got) return got;
  decoded_ += got.value().size();
  if (maxBytes_ && decoded_ > *maxBytes_ + kSlack + entries_ * kSlackPerEntry)
    return Error{EFBIG, "unpack", {}, "the archive is larger than allowed"};
  return got;
}

la_ssize_t TarReader::readDecoded(archive* handle, void* self, const void** data) {
  auto* reader = static_cast<TarReader*>(self);
  auto got = reader->pull();
  if (!got) {
    reader->error_ = got.error();
    archive_set_error(handle, EIO, "read failed");
    return -1;
  }
  *data = got.value().data();
  return static_cast<la_ssize_t>(got.value().size());
}

Error TarReader::failure(const char* call) {
  if (error_) return *error_;
  const char* text = archive_error_string(handle_.get());
  std::string message = text != nullptr ? text : "the archive is damaged";
  if (message == "Unrecognized archive format") return Error{EINVAL, "unpack", {}, "not a tar archive"};
  int code = archive_errno(handle_.get()) == ENOMEM ? ENOMEM : EINVAL;
  return Error{code, call, {}, message};
}

Result<archive_entry*> TarReader::next() {
  if (!handle_) return Error{ENOMEM, "archive_read_new", {}, {}};
  if (!open_) {
    archive_read_support_format_tar(handle_.get());
    if (archive_read_open(handle_.get(), this, nullptr, readDecoded, nullptr) != ARCHIVE_OK)
      return failure("archive_read_open");
    open_ = true;
  }
  archive_entry* entry = nullptr;
  int got = archive_read_next_header(handle_.get(), &entry);
  if (got == ARCHIVE_EOF) return static_cast<archive_entry*>(nullptr);
  if (got != ARCHIVE_OK && !(got == ARCHIVE_WARN && isNameWarning(handle_.get())))
    return failure("archive_read_next_header");
  entries_++;
  return entry;
}

Result<std::optional<TarBlock>> TarReader::block() {
  TarBlock block{};
  la_int64_t offset = 0;
  int got = archive_read_data_block(handle_.get(), &block.data, &block.size, &offset);
  block.offset = offset;
  if (got == ARCHIVE_EOF) return std::optional<TarBlock>();
  if (got != ARCHIVE_OK) return failure("archive_read_data");
  return std::optional<TarBlock>(block);
}

Status TarReader::drain() {
  for (;;) {
    auto got = pull();
    if (!got) return got.error();
    if (got.value().empty()) return Nothing{};
  }
}

}  // namespace dockerlite::tree
