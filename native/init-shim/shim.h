// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// What a FAILED frame calls `kind`.
enum failure { FAIL_ENGINE = 1, FAIL_NOT_FOUND = 2, FAIL_NOT_EXECUTABLE = 3, FAIL_USER = 4, FAIL_DIRECTORY = 5 };

enum payload_flag { PAYLOAD_TTY = 1, PAYLOAD_INIT = 2, PAYLOAD_NO_NEW_PRIVS = 4, PAYLOAD_NEW_SESSION = 8, PAYLOAD_KEEP_TREE = 16 };

struct limit {
  int resource;
  uint64_t soft, hard;
};

struct filter {
  const void *code;
  size_t size;
};

// The orders, decoded. Strings are NUL-terminated and belong to the process until it execs.
struct payload {
  char **argv;
  size_t argc;
  char **env;
  size_t envc;
  const char *directory;
  const char *user;
  char **groups;
  size_t groupc;
  uint32_t flags;
  char **sysctls;
  size_t sysctlc;
  char **nodes;
  size_t nodec;
  struct limit *limits;
  size_t limitc;
  struct filter *filters;
  size_t filterc;
  uint32_t rows, columns;
  bool has_capabilities;
  uint64_t capabilities;
};

// Who the payload runs as, found inside the container.
struct identity {
  uid_t uid;
  gid_t gid;
  const char *home;
  gid_t *groups;
  size_t groupc;
};

// link.c: the socket to the supervisor.
void link_use(int fd);
void link_hello(void);
char *link_receive(size_t *size);
void link_send_terminal(int fd);
void link_warn(const char *a, const char *b);
void link_close(void);
// Reports why the payload cannot run and exits with the status a shell would give.
_Noreturn void fail(enum failure kind, int error, const char *a, const char *b, const char *c);

// payload.c
void payload_parse(char *bytes, size_t size, struct payload *out);
void *must_alloc(size_t size);

// user.c
void resolve_identity(const struct payload *payload, struct identity *out);

// privileges.c
void raise_limits(const struct payload *payload);
void install_filters(const struct payload *payload);
void drop_bounding_set(const struct payload *payload);
void become(const struct payload *payload, const struct identity *identity);

// sysctl.c
void set_sysctls(const struct payload *payload);

// nodes.c
void make_nodes(const struct payload *payload);

// terminal.c
int terminal_open(const struct payload *payload, const struct identity *identity);
void terminal_take(int slave);

// command.c
_Noreturn void run_command(const struct payload *payload);
void enter_directory(const char *directory, bool make);

// reaper.c
void reap_until_exit(pid_t payload) __attribute__((noreturn));
