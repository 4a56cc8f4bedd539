// SPDX-License-Identifier: Apache-2.0
// usage: snapshots SOURCE
// make DIRECTORY COUNT THREADS   snapshots of SOURCE, each in a parent of its own; answers with the time of all, in ms
// clear DIRECTORY                deletes every snapshot in it and waits until the kernel has cleaned up after them
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#include "common.h"

// Linux 6.13; older headers lack it.
struct subvol_wait {
  __u64 subvolid;
  __u32 mode;
  __u32 count;
};
#define SUBVOL_SYNC_WAIT _IOW(BTRFS_IOCTL_MAGIC, 65, struct subvol_wait)
enum { COUNT_QUEUED = 2 };

static int source;
static const char *directory;
static int count;
static atomic_int next;

static void *work(void *unused) {
  char path[PATH_SIZE];
  for (int i; (i = atomic_fetch_add(&next, 1)) < count;) {
    snprintf(path, sizeof path, "%s/%d", directory, i);
    snapshot(source, path);
  }
  return unused;
}

static void make(int threads) {
  pthread_t ids[256];
  if (threads > 256) threads = 256;
  atomic_store(&next, 0);
  double begin = now_ms();
  if (threads <= 1) {
    work(NULL);
  } else {
    for (int i = 0; i < threads; i++)
      if ((errno = pthread_create(&ids[i], NULL, work, NULL)) != 0) die("pthread_create");
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
  }
  printf("%.6f\n", now_ms() - begin);
}

static void clear(const char *path) {
  int fd = open_directory(path);
  DIR *stream = opendir(path);
  if (!stream) die("%s", path);
  for (struct dirent *entry; (entry = readdir(stream));) {
    if (entry->d_name[0] == '.') continue;
    char parent[PATH_SIZE + 256];
    snprintf(parent, sizeof parent, "%s/%s", path, entry->d_name);
    destroy(parent);
  }
  closedir(stream);
  // The sync wakes the kernel's cleaner, which otherwise sleeps for up to 30 s.
  for (int i = 0; i < 1000; i++) {
    struct subvol_wait wait = {.mode = COUNT_QUEUED};
    ioctl(fd, BTRFS_IOC_SYNC);
    if (ioctl(fd, SUBVOL_SYNC_WAIT, &wait) != 0) wait.count = i < 50;
    if (wait.count == 0) break;
    nanosleep(&(struct timespec){.tv_nsec = 10 * 1000 * 1000}, NULL);
  }
  close(fd);
  puts("0");
}

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  source = open_directory(argv[1]);
  char path[PATH_SIZE];
  int threads;
  for (char line[PATH_SIZE + 64]; fgets(line, sizeof line, stdin);) {
    if (sscanf(line, "make %4095s %d %d", path, &count, &threads) == 3) {
      directory = path;
      make(threads);
    } else if (sscanf(line, "clear %4095s", path) == 1) {
      clear(path);
    } else {
      return 2;
    }
    fflush(stdout);
  }
  return 0;
}
