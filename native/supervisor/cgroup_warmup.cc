// SPDX-License-Identifier: Apache-2.0
#include "supervisor/cgroup_warmup.h"

#include <sched.h>
#include <sys/stat.h>

#include "supervisor/lxc_cgroups.h"

namespace dockerlite {

constexpr size_t kStack = 32 * 1024;

void* CgroupWarmup::Move(void* data) {
  auto* self = static_cast<CgroupWarmup*>(data);
  // Whatever fails: then liblxc moves it, and waits itself.
  if (self->joined_)
    StayInMonitors();
  else
    self->joined_ = JoinMonitors();
  __atomic_store_n(&self->done_, true, __ATOMIC_RELEASE);
  return nullptr;
}

void CgroupWarmup::Begin() {
  if (running_ && !__atomic_load_n(&done_, __ATOMIC_ACQUIRE)) return;
  Finish();
  CgroupBases();
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  done_ = false;
  running_ = pthread_create(&thread_, &attributes, Move, this) == 0;
  pthread_attr_destroy(&attributes);
}

void CgroupWarmup::Finish() {
  if (running_) pthread_join(thread_, nullptr);
  running_ = false;
  // The kernel wakes the joiner before it has taken the thread apart, and liblxc refuses a process with two: a link of this
  // directory is a thread.
  struct stat tasks {};
  while (stat("/proc/self/task", &tasks) == 0 && tasks.st_nlink > 3) sched_yield();
}

}  // namespace dockerlite
