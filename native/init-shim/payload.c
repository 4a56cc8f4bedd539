// SPDX-License-Identifier: Apache-2.0
#include "shim.h"

#include <stdlib.h>
#include <string.h>
#include <errno.h>

void *must_alloc(size_t size) {
  void *memory = calloc(1, size ? size : 1);
  if (!memory) fail(FAIL_ENGINE, ENOMEM, "out of memory", "", "");
  return memory;
}

static _Noreturn void malformed(void) { fail(FAIL_ENGINE, EBADMSG, "malformed orders from the supervisor", "", ""); }

struct field {
  unsigned tag;
  char *data;
  size_t size;
};

static bool next_field(char *bytes, size_t size, size_t *at, struct field *out) {
  if (*at == size) return false;
  if (size - *at < 8) malformed();
  uint16_t tag;
  uint32_t length;
  memcpy(&tag, bytes + *at, 2);
  memcpy(&length, bytes + *at + 4, 4);
  if (length > size - *at - 8) malformed();
  *out = (struct field){tag, bytes + *at + 8, length};
  *at += 8 + length;
  return true;
}

static char *as_string(const struct field *field) {
  char *text = must_alloc(field->size + 1);
  memcpy(text, field->data, field->size);
  if (strlen(text) != field->size) malformed();
  return text;
}

static uint32_t as_u32(const struct field *field) {
  uint32_t value;
  if (field->size != 4) malformed();
  memcpy(&value, field->data, 4);
  return value;
}

static void push(char ***list, size_t *count, char *text) {
  (*list)[(*count)++] = text;
}

static void parse_limit(const struct field *field, struct payload *out) {
  char *text = as_string(field), *end;
  struct limit limit;
  limit.resource = (int)strtol(text, &end, 10);
  if (*end != ':') malformed();
  limit.soft = strtoull(end + 1, &end, 10);
  if (*end != ':') malformed();
  limit.hard = strtoull(end + 1, &end, 10);
  if (*end) malformed();
  free(text);
  out->limits[out->limitc++] = limit;
}

// One slot more than fields of that kind, so that lists end in NULL.
static void allocate_lists(char *bytes, size_t size, struct payload *out) {
  size_t argc = 0, envc = 0, groupc = 0, limitc = 0, filterc = 0, sysctlc = 0, nodec = 0, at = 0;
  struct field field;
  while (next_field(bytes, size, &at, &field)) {
    argc += field.tag == 1;
    envc += field.tag == 2;
    groupc += field.tag == 5;
    limitc += field.tag == 7;
    sysctlc += field.tag == 12;
    nodec += field.tag == 13;
    filterc += field.tag == 8;
  }
  out->argv = must_alloc((argc + 1) * sizeof(char *));
  out->env = must_alloc((envc + 2) * sizeof(char *));  // and HOME
  out->groups = must_alloc((groupc + 1) * sizeof(char *));
  out->sysctls = must_alloc((sysctlc + 1) * sizeof(char *));
  out->nodes = must_alloc((nodec + 1) * sizeof(char *));
  out->limits = must_alloc((limitc + 1) * sizeof(struct limit));
  out->filters = must_alloc((filterc + 1) * sizeof(struct filter));
}

void payload_parse(char *bytes, size_t size, struct payload *out) {
  memset(out, 0, sizeof *out);
  allocate_lists(bytes, size, out);
  struct field field;
  for (size_t at = 0; next_field(bytes, size, &at, &field);) switch (field.tag) {
      case 1: push(&out->argv, &out->argc, as_string(&field)); break;
      case 2: push(&out->env, &out->envc, as_string(&field)); break;
      case 3: out->directory = as_string(&field); break;
      case 4: out->user = as_string(&field); break;
      case 5: push(&out->groups, &out->groupc, as_string(&field)); break;
      case 6: out->flags = as_u32(&field); break;
      case 7: parse_limit(&field, out); break;
      case 8:
        out->filters[out->filterc++] = (struct filter){field.data, field.size};
        break;
      case 9: out->rows = as_u32(&field); break;
      case 10: out->columns = as_u32(&field); break;
      case 11:
        if (field.size != 8) malformed();
        memcpy(&out->capabilities, field.data, 8);
        out->has_capabilities = true;
        break;
      case 12: push(&out->sysctls, &out->sysctlc, as_string(&field)); break;
      case 13: push(&out->nodes, &out->nodec, as_string(&field)); break;
      default: break;
    }
  if (out->argc == 0) fail(FAIL_NOT_FOUND, EINVAL, "no command specified", "", "");
}
