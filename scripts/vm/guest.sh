#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Runs inside the machine, as dockerlite-test.service.
cd /root/project || exit 1
export DOCKERLITE_TEST_PATIENCE=10
stty -F /dev/ttyS1 raw
{
  printf '%s, Linux %s, %s, liblxc %s, Node %s, %s\n' "$(. /etc/os-release && echo "$PRETTY_NAME")" "$(uname -r)" \
    "$(stat -fc %T /sys/fs/cgroup)" "$(pkg-config --modversion lxc)" "$(node --version)" "AppArmor $(cat /sys/module/apparmor/parameters/enabled)"
  eval "set -- $(cat build/vm-arguments)"
  command=$1; shift
  if [ -n "$command" ]; then bash -c "$command" bash "$@"
  else bash scripts/test.sh --require scripts/vm/patience.js "$@"; fi
  printf 'vm-exit-status: %d\n' $?
} 2>&1 </dev/null | cat >/dev/ttyS1
