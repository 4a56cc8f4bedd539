// SPDX-License-Identifier: Apache-2.0
// usage: upload
// Each line is PORT, REPOSITORY and then pairs of DIGEST and FILE, separated by tabs: gives the files to the registry on that port of this
// machine, FIVE at a time, each in one request, and nothing else. Answers with the time in ms.
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#include "common.h"

enum { LINE = 1 << 16, BLOBS = 256, ANSWER = 1 << 14, FIVE = 5 };

struct blob {
  const char *digest, *path;
};

struct work {
  pthread_mutex_t lock;
  int port, next, count;
  const char *repository;
  struct blob blobs[BLOBS];
};

static int dial(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) die("connect to port %d", port);
  return fd;
}

static void put(int fd, const char *text) {
  for (size_t left = strlen(text); left > 0;) {
    ssize_t done = write(fd, text, left);
    if (done < 0) die("write");
    text += done;
    left -= (size_t)done;
  }
}

// The head of an answer whose body is empty.
static void answer(int fd, const char *status, char *text) {
  size_t size = 0;
  do {
    ssize_t got = read(fd, text + size, ANSWER - 1 - size);
    if (got <= 0) die("the registry ended the connection");
    text[size += (size_t)got] = '\0';
  } while (strstr(text, "\r\n\r\n") == NULL && size < ANSWER - 1);
  if (strncmp(text + strlen("HTTP/1.1 "), status, 3) != 0) die("answer is %.40s", text);
}

// Path and query of where the upload goes on.
static const char *location(char *text) {
  char *start = strstr(text, "\r\nLocation: ");
  if (start == NULL || (start = strstr(start, "://")) == NULL || (start = strchr(start + 3, '/')) == NULL) die("no location");
  start[strcspn(start, "\r")] = '\0';
  return start;
}

static void upload(int fd, const struct work *work, const struct blob *blob) {
  char text[ANSWER], request[ANSWER + 1024];
  int file = open(blob->path, O_RDONLY | O_CLOEXEC);
  struct stat st;
  if (file < 0 || fstat(file, &st) != 0) die("%s", blob->path);
  snprintf(request, sizeof request, "POST /v2/%s/blobs/uploads/ HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Length: 0\r\n\r\n", work->repository, work->port);
  put(fd, request);
  answer(fd, "202", text);
  snprintf(request, sizeof request, "PUT %s&digest=%s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/octet-stream\r\nContent-Length: %lld\r\n\r\n", location(text), blob->digest, work->port, (long long)st.st_size);
  put(fd, request);
  for (off_t left = st.st_size; left > 0;) {
    ssize_t done = sendfile(fd, file, NULL, (size_t)left);
    if (done <= 0) die("sendfile");
    left -= done;
  }
  answer(fd, "201", text);
  close(file);
}

static void *uploads(void *argument) {
  struct work *work = argument;
  int fd = dial(work->port);
  for (;;) {
    pthread_mutex_lock(&work->lock);
    int at = work->next < work->count ? work->next++ : -1;
    pthread_mutex_unlock(&work->lock);
    if (at < 0) break;
    upload(fd, work, &work->blobs[at]);
  }
  close(fd);
  return NULL;
}

int main(void) {
  static char line[LINE];
  signal(SIGPIPE, SIG_IGN);
  while (fgets(line, sizeof line, stdin)) {
    line[strcspn(line, "\n")] = '\0';
    char *port = strtok(line, "\t");
    static struct work work;
    work = (struct work){.lock = PTHREAD_MUTEX_INITIALIZER, .port = port ? atoi(port) : 0, .repository = strtok(NULL, "\t")};
    for (char *digest; work.count < BLOBS && (digest = strtok(NULL, "\t")); work.count++) work.blobs[work.count] = (struct blob){digest, strtok(NULL, "\t")};
    if (work.count == 0) return 2;
    double begin = now_ms();
    pthread_t threads[FIVE];
    for (int i = 0; i < FIVE; i++)
      if ((errno = pthread_create(&threads[i], NULL, uploads, &work)) != 0) die("pthread_create");
    for (int i = 0; i < FIVE; i++) pthread_join(threads[i], NULL);
    printf("%.6f\n", now_ms() - begin);
    fflush(stdout);
  }
  return 0;
}
