// SPDX-License-Identifier: Apache-2.0
// First program of every process the engine starts in a container. Gets its orders through the socket whose
// number is its argument, becomes the payload. Static and libc only: it runs on any image.
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void mask_signals(bool all) {
  sigset_t set;
  if (all)
    sigfillset(&set);
  else
    sigemptyset(&set);
  sigprocmask(SIG_SETMASK, &set, NULL);
}

static void reset_signals(void) {
  for (int number = 1; number < NSIG; number++) signal(number, SIG_DFL);
  mask_signals(false);
}

static void default_home(struct payload *payload, const char *home) {
  for (size_t i = 0; i < payload->envc; i++)
    if (strncmp(payload->env[i], "HOME=", 5) == 0) return;
  char *entry = must_alloc(strlen(home) + 6);
  memcpy(entry, "HOME=", 5);
  strcpy(entry + 5, home);
  payload->env[payload->envc++] = entry;
}

// So that a payload with another user can open /dev/stdout: pipes are opened anew with their own permissions.
static void give_stdio(uid_t uid) {
  struct stat info;
  for (int fd = 0; fd < 3; fd++)
    if (fstat(fd, &info) == 0 && !S_ISCHR(info.st_mode) && info.st_uid != uid && fchown(fd, uid, (gid_t)-1) != 0)
      continue;  // a user namespace may not map the owner: then it stays
}

static void close_others(int keep) {
  if (keep > 3) close_range(3, (unsigned)keep - 1, 0);
  close_range((unsigned)keep + 1, ~0u, 0);
}

int main(int argc, char **argv) {
  if (argc != 2) return 125;
  int fd = atoi(argv[1]);
  if (fd < 3) return 125;
  link_use(fd);
  link_hello();
  reset_signals();
  close_others(fd);
  umask(022);

  struct payload payload;
  struct identity identity;
  size_t size;
  char *bytes = link_receive(&size);
  payload_parse(bytes, size, &payload);
  set_sysctls(&payload);
  make_nodes(&payload);
  resolve_identity(&payload, &identity);
  default_home(&payload, identity.home);

  int slave = -1;
  if (payload.flags & PAYLOAD_TTY) slave = terminal_open(&payload, &identity);
  if (payload.flags & PAYLOAD_INIT) {
    mask_signals(true);  // a child that ends at once must not be missed
    pid_t child = fork();
    if (child < 0) fail(FAIL_ENGINE, errno, "fork: ", strerror(errno), "");
    if (child > 0) {
      link_close();
      if (slave >= 0) close(slave);
      reap_until_exit(child);
    }
    mask_signals(false);
    setsid();
  }
  if (payload.flags & PAYLOAD_NEW_SESSION) setsid();
  if (slave >= 0)
    terminal_take(slave);
  else if (identity.uid != 0)
    give_stdio(identity.uid);
  enter_directory(payload.directory, !(payload.flags & PAYLOAD_KEEP_TREE));
  raise_limits(&payload);
  become(&payload, &identity);
  run_command(&payload);
}
