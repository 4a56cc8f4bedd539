// SPDX-License-Identifier: Apache-2.0
// usage: lifecycle SOURCE DIRECTORY CONFIG
// run COUNT WORKERS   containers of /bin/true: snapshot, start through liblxc, wait, delete. Answers with the time of all
//                     of them and then of each, in ms
// version             liblxc's
// Each container is started by a process forked for it, as nothing else lets liblxc be used several times at once.
#include <lxc/lxccontainer.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common.h"

static int source;
static const char *directory, *config;
static int serial;

// What the supervisor does with the same settings, without anything around it.
__attribute__((noreturn)) static void start(const char *name, const char *parent) {
  char path[PATH_SIZE + 16];
  struct lxc_container *container = lxc_container_new(name, directory);
  if (!container || !container->load_config(container, config)) _exit(99);
  snprintf(path, sizeof path, "dir:%s/rootfs", parent);
  if (!container->set_config_item(container, "lxc.rootfs.path", path)) _exit(99);
  container->want_daemonize(container, false);
  container->want_close_all_fds(container, false);
  char *const argv[] = {"/bin/true", NULL};
  bool ok = container->start(container, 0, argv);
  _exit(ok ? WEXITSTATUS(container->error_num) : 98);
}

static double once(int number) {
  char name[64], parent[PATH_SIZE];
  snprintf(name, sizeof name, "reference-%d-%d", getpid(), number);
  snprintf(parent, sizeof parent, "%s/%s", directory, name);
  double begin = now_ms();
  snapshot(source, parent);
  pid_t child = fork();
  if (child == 0) start(name, parent);
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) < 0) die("fork");
  if (status != 0) {
    errno = 0;
    die("liblxc could not run %s (status %x)", parent, (unsigned)status);
  }
  destroy(parent);
  return now_ms() - begin;
}

static void run(int count, int workers) {
  double *times = mmap(NULL, (size_t)count * sizeof *times, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (times == MAP_FAILED) die("mmap");
  serial += count;
  double begin = now_ms();
  if (workers <= 1) {
    for (int i = 0; i < count; i++) times[i] = once(serial + i);
  } else {
    for (int worker = 0; worker < workers; worker++) {
      pid_t child = fork();
      if (child < 0) die("fork");
      if (child != 0) continue;
      for (int i = worker; i < count; i += workers) times[i] = once(serial + i);
      _exit(0);
    }
    for (int worker = 0, status; worker < workers; worker++)
      if (wait(&status) < 0 || status != 0) die("a worker failed");
  }
  printf("%.6f", now_ms() - begin);
  for (int i = 0; i < count; i++) printf(" %.6f", times[i]);
  puts("");
  munmap(times, (size_t)count * sizeof *times);
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  source = open_directory(argv[1]);
  directory = argv[2];
  config = argv[3];
  // Where liblxc finds newuidmap it runs it; the supervisor does the same.
  setenv("PATH", "/nonexistent", 1);
  int count, workers;
  for (char line[128]; fgets(line, sizeof line, stdin);) {
    if (sscanf(line, "run %d %d", &count, &workers) == 2) run(count, workers);
    else if (strcmp(line, "version\n") == 0) puts(lxc_get_version());
    else return 2;
    fflush(stdout);
  }
  return 0;
}
