// SPDX-License-Identifier: Apache-2.0
// Entry for a fuzzer, see scripts/fuzz.sh; not part of any target. The input is a payload, the shim's orders.
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "shim.h"

static jmp_buf refused;

// The shim never frees: it execs. Here everything goes after each run.
static void *owned[1 << 16];
static size_t ownedc;

void *fuzz_calloc(size_t count, size_t size) {
  void *memory = calloc(count, size);
  if (ownedc == sizeof owned / sizeof *owned) abort();
  return owned[ownedc++] = memory;
}

void fuzz_free(void *memory) {
  for (size_t i = ownedc; i-- > 0;)
    if (owned[i] == memory) {
      owned[i] = owned[--ownedc];
      free(memory);
      return;
    }
  abort();
}

_Noreturn void fail(enum failure kind, int error, const char *a, const char *b, const char *c) {
  (void)kind, (void)error, (void)a, (void)b, (void)c;
  longjmp(refused, 1);
}

static size_t total(char **list, size_t count) {
  size_t length = 0;
  for (size_t i = 0; i < count; i++) length += strlen(list[i]);
  if (list[count]) abort();
  return length;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  // Of its own, so that reading past its end is seen.
  char *bytes = malloc(size ? size : 1);
  memcpy(bytes, data, size);
  volatile size_t used = 0;
  if (setjmp(refused) == 0) {
    struct payload payload;
    payload_parse(bytes, size, &payload);
    used += total(payload.argv, payload.argc) + total(payload.env, payload.envc) + total(payload.groups, payload.groupc);
    used += total(payload.sysctls, payload.sysctlc) + total(payload.nodes, payload.nodec);
    for (size_t i = 0; i < payload.filterc; i++)
      for (size_t at = 0; at < payload.filters[i].size; at++) used += ((const unsigned char *)payload.filters[i].code)[at];
  }
  while (ownedc > 0) free(owned[--ownedc]);
  free(bytes);
  return 0;
}
