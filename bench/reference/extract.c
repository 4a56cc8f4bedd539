// SPDX-License-Identifier: Apache-2.0
// usage: extract SOURCE DIRECTORY
// Each line names archives, separated by tabs: extracts them, one over the other, into a snapshot of SOURCE that is deleted again.
// Answers with the times of the extraction in ms, without and with the file system's sync.
#include <archive.h>
#include <archive_entry.h>

#include "common.h"

enum { LINE = 1 << 16, FLAGS = ARCHIVE_EXTRACT_OWNER | ARCHIVE_EXTRACT_PERM | ARCHIVE_EXTRACT_TIME | ARCHIVE_EXTRACT_XATTR | ARCHIVE_EXTRACT_ACL };

__attribute__((noreturn)) static void bad(const char *path, struct archive *archive) {
  errno = archive_errno(archive);
  die("%s: %s", path, archive_error_string(archive));
}

static void copy_data(const char *path, struct archive *in, struct archive *out) {
  const void *block;
  size_t size;
  la_int64_t offset;
  int got;
  while ((got = archive_read_data_block(in, &block, &size, &offset)) == ARCHIVE_OK)
    if (archive_write_data_block(out, block, size, offset) < 0) bad(path, out);
  if (got != ARCHIVE_EOF) bad(path, in);
}

static void extract(const char *path) {
  struct archive *in = archive_read_new(), *out = archive_write_disk_new();
  struct archive_entry *entry;
  archive_read_support_filter_gzip(in);
  archive_read_support_format_tar(in);
  archive_write_disk_set_options(out, FLAGS);
  if (archive_read_open_filename(in, path, 256 * 1024) != ARCHIVE_OK) bad(path, in);
  int got;
  while ((got = archive_read_next_header(in, &entry)) == ARCHIVE_OK) {
    if (archive_write_header(out, entry) != ARCHIVE_OK) bad(path, out);
    if (archive_entry_size(entry) > 0) copy_data(path, in, out);
  }
  if (got != ARCHIVE_EOF) bad(path, in);
  if (archive_write_free(out) != ARCHIVE_OK) die("%s", path);
  archive_read_free(in);
}

int main(int argc, char **argv) {
  static char line[LINE];
  char parent[PATH_SIZE], root[PATH_SIZE + 16];
  if (argc != 3) return 2;
  int source = open_directory(argv[1]), top = open_directory(argv[2]);
  snprintf(parent, sizeof parent, "%s/extracted", argv[2]);
  snprintf(root, sizeof root, "%s/rootfs", parent);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    double begin = now_ms();
    snapshot(source, parent);
    if (chdir(root) != 0) die("%s", root);
    for (char *path = strtok(line, "\t"); path; path = strtok(NULL, "\t")) extract(path);
    double extracted = now_ms();
    if (syncfs(top) != 0) die("syncfs");
    double synced = now_ms();
    if (chdir("/") != 0) die("/");
    destroy(parent);
    printf("%.6f %.6f\n", extracted - begin, synced - begin);
    fflush(stdout);
  }
  return 0;
}
