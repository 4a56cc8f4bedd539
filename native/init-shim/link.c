// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int link_fd = -1;

void link_use(int fd) {
  link_fd = fd;
  // Closed by a successful exec: the supervisor reads that as "started".
  fcntl(fd, F_SETFD, FD_CLOEXEC);
}

void link_close(void) {
  close(link_fd);
  link_fd = -1;
}

static void send_all(const void *data, size_t size) {
  const char *at = data;
  while (size > 0) {
    ssize_t n = send(link_fd, at, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(125);  // the supervisor is gone
    at += n;
    size -= (size_t)n;
  }
}

static void read_all(void *data, size_t size) {
  char *at = data;
  while (size > 0) {
    ssize_t n = read(link_fd, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) _exit(125);
    at += n;
    size -= (size_t)n;
  }
}

// Every message is: u8 kind | u32 length | bytes.
static void send_message(char kind, const void *data, uint32_t size) {
  char head[5] = {kind};
  memcpy(head + 1, &size, 4);
  send_all(head, sizeof head);
  send_all(data, size);
}

// The kernel adds our pid to it, as the supervisor's pid namespace sees it.
void link_hello(void) { send_message('H', "", 0); }

char *link_receive(size_t *size) {
  uint32_t length;
  read_all(&length, 4);
  if (length > 16u << 20) _exit(125);
  char *bytes = must_alloc(length + 1u);
  read_all(bytes, length);
  *size = length;
  return bytes;
}

void link_send_terminal(int fd) {
  char head[5] = {'T'};
  struct iovec part = {head, sizeof head};
  union {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
  } control;
  memset(&control, 0, sizeof control);
  struct msghdr message = {
      .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
  struct cmsghdr *item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(item), &fd, sizeof fd);
  if (sendmsg(link_fd, &message, MSG_NOSIGNAL) != sizeof head) _exit(125);
}

static size_t append(char *buffer, size_t at, size_t capacity, const char *text) {
  size_t length = strlen(text);
  if (length > capacity - at) length = capacity - at;
  memcpy(buffer + at, text, length);
  return at + length;
}

void link_warn(const char *a, const char *b) {
  char text[512];
  size_t at = append(text, 0, sizeof text, a);
  at = append(text, at, sizeof text, b);
  send_message('W', text, (uint32_t)at);
}

void fail(enum failure kind, int error, const char *a, const char *b, const char *c) {
  char text[1024];
  uint32_t head[2] = {kind, (uint32_t)error};
  memcpy(text, head, sizeof head);
  size_t at = append(text, sizeof head, sizeof text, a);
  at = append(text, at, sizeof text, b);
  at = append(text, at, sizeof text, c);
  send_message('E', text, (uint32_t)at);
  _exit(kind == FAIL_NOT_FOUND ? 127 : kind == FAIL_NOT_EXECUTABLE ? 126 : 125);
}
