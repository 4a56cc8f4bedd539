// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// The files belong to the container: parsed by hand, bounded, without NSS.
enum { MAX_FILE = 4 << 20, MAX_FIELDS = 7, MAX_GROUPS = 1024 };

static char *read_file(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return NULL;
  size_t size = 0, capacity = 8192;
  char *text = must_alloc(capacity + 1);
  for (;;) {
    ssize_t n = read(fd, text + size, capacity - size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    size += (size_t)n;
    if (size < capacity) continue;
    if (capacity >= MAX_FILE) break;
    char *larger = must_alloc(capacity * 2 + 1);
    memcpy(larger, text, size);
    free(text);
    text = larger;
    capacity *= 2;
  }
  close(fd);
  text[size] = 0;
  return text;
}

// Cuts the next line into its fields; returns their number, 0 at the end.
static size_t next_entry(char **cursor, char *fields[MAX_FIELDS]) {
  char *line = *cursor;
  if (!line || !*line) return 0;
  char *end = strchr(line, '\n');
  if (end) *end = 0;
  *cursor = end ? end + 1 : NULL;
  size_t count = 0;
  while (count < MAX_FIELDS) {
    fields[count++] = line;
    char *colon = strchr(line, ':');
    if (!colon) break;
    *colon = 0;
    line = colon + 1;
  }
  return count;
}

static bool as_id(const char *text, uint32_t *id) {
  if (*text < '0' || *text > '9') return false;
  char *end;
  errno = 0;
  unsigned long value = strtoul(text, &end, 10);
  if (*end || errno) return false;
  *id = value > INT_MAX ? UINT32_MAX : (uint32_t)value;
  return true;
}

static void check_range(uint32_t id) {
  if (id > INT_MAX) fail(FAIL_USER, EINVAL, "uids and gids must be in range 0-2147483647", "", "");
}

// By name, else by number, as Docker does; true when the file knows the user.
static bool find_user(const char *wanted, struct identity *out, char **name) {
  char *text = read_file("/etc/passwd"), *cursor = text, *f[MAX_FIELDS];
  uint32_t number, uid, gid;
  bool numeric = as_id(wanted, &number);
  for (size_t n; (n = next_entry(&cursor, f));) {
    if (n < 6 || !as_id(f[2], &uid) || !as_id(f[3], &gid)) continue;
    if (strcmp(f[0], wanted) != 0 && !(numeric && uid == number)) continue;
    check_range(uid);
    check_range(gid);
    out->uid = uid;
    out->gid = gid;
    out->home = *f[5] ? f[5] : "/";
    *name = f[0];
    return true;  // keeps the text: home and name point into it
  }
  free(text);
  return false;
}

static bool find_group(const char *wanted, gid_t *out) {
  char *text = read_file("/etc/group"), *cursor = text, *f[MAX_FIELDS];
  uint32_t number, gid;
  bool numeric = as_id(wanted, &number), found = false;
  for (size_t n; !found && (n = next_entry(&cursor, f));) {
    if (n < 3 || !as_id(f[2], &gid)) continue;
    found = strcmp(f[0], wanted) == 0 || (numeric && gid == number);
    if (found) *out = gid;
  }
  free(text);
  if (!found && numeric) {
    *out = number;
    found = true;
  }
  if (found) check_range(*out);
  return found;
}

static void add_group(struct identity *out, gid_t gid) {
  for (size_t i = 0; i < out->groupc; i++)
    if (out->groups[i] == gid) return;
  if (out->groupc < MAX_GROUPS) out->groups[out->groupc++] = gid;
}

static bool lists_member(char *members, const char *name) {
  for (char *save = NULL, *member = strtok_r(members, ",", &save); member; member = strtok_r(NULL, ",", &save))
    if (strcmp(member, name) == 0) return true;
  return false;
}

static void add_memberships(struct identity *out, const char *name) {
  char *text = read_file("/etc/group"), *cursor = text, *f[MAX_FIELDS];
  uint32_t gid;
  for (size_t n; (n = next_entry(&cursor, f));)
    if (n >= 4 && as_id(f[2], &gid) && gid <= INT_MAX && lists_member(f[3], name)) add_group(out, gid);
  free(text);
}

void resolve_identity(const struct payload *payload, struct identity *out) {
  char *user = strdup(payload->user ? payload->user : ""), *name = NULL;
  if (!user) fail(FAIL_ENGINE, ENOMEM, "out of memory", "", "");
  char *group = strchr(user, ':');
  if (group) *group++ = 0;
  *out = (struct identity){.home = "/", .groups = must_alloc(MAX_GROUPS * sizeof(gid_t))};

  const char *wanted = *user ? user : "0";
  uint32_t number;
  if (!find_user(wanted, out, &name)) {
    if (!as_id(wanted, &number))
      fail(FAIL_USER, ENOENT, "unable to find user ", wanted, ": no matching entries in passwd file");
    check_range(number);
    out->uid = number;
  }
  if (group && *group) {
    if (!find_group(group, &out->gid))
      fail(FAIL_USER, ENOENT, "unable to find group ", group, ": no matching entries in group file");
  }
  add_group(out, out->gid);  // a file whose group has less than others must not open up to its members
  if (!(group && *group) && name) {
    add_memberships(out, name);
  }
  for (size_t i = 0; i < payload->groupc; i++) {
    gid_t gid;
    if (!find_group(payload->groups[i], &gid))
      fail(FAIL_USER, ENOENT, "unable to find group ", payload->groups[i], ": no matching entries in group file");
    add_group(out, gid);
  }
  free(user);
}
