# SPDX-License-Identifier: Apache-2.0
# Sourced by test.sh: the crash test's operations in a machine whose plug is pulled, and what is left after each boot (test/crash/power-cuts.ts).
# Its store is on a disk of its own. What was acknowledged goes to a file on the host before it counts, and is given to the next boot as a disk.

# pull_plugs COUNT SEED: needs $work, $seconds and the arrays machine and accel
pull_plugs() {
  local count=$1 seed=$2 boot qemu limit pulled status=0
  RANDOM=$((seed % 32768))
  truncate -s 8G "$work/store"
  : >"$work/reports"
  for ((boot = 0; boot <= count; boot++)); do
    cp "$work/reports" "$work/log"
    printf '\0' >>"$work/log" # a disk is not empty
    truncate -s %512 "$work/log"
    : >"$work/said"
    nice -n 5 "${machine[@]}" "${accel[@]}" "${disks[@]}" -serial "file:$work/console" -serial "file:$work/said" \
      -drive "file=$work/store,format=raw,if=virtio" -drive "file=$work/log,format=raw,if=virtio,readonly=on" \
      -device virtio-serial -chardev "file,id=reports,path=$work/reports,append=on" -device virtserialport,chardev=reports,name=dockerlite.reports \
      </dev/null 2>>"$work/qemu" &
    qemu=$!
    limit=$((SECONDS + seconds)) pulled=
    # So many reports after it has begun to work, and up to a second.
    if wait_for_reports "$qemu" "$((boot + 1))" "$((30 + RANDOM % 120))" "$limit"; then
      sleep "0.$(printf '%03d' $((RANDOM % 1000)))"
      kill -KILL "$qemu"
      { wait "$qemu" || :; } 2>/dev/null
      pulled=yes
    fi
    sed -n 's/^power-cut/boot '"$boot"': &/p' "$work/said"
    if grep -q '^power-cut-fault' "$work/said"; then status=1; fi
    # The last one switches itself off, none of the others does.
    if [ -n "$pulled" ] && [ "$boot" = "$count" ] || [ -z "$pulled" ] && { [ "$boot" != "$count" ] || ! grep -q '^vm-exit-status: 0' "$work/said"; }; then
      say "boot $boot did not end as it should:"
      tail -n 40 "$work/said" "$work/console" >&2
      return 3
    fi
    [ "$boot" = "$count" ] || say "plug pulled $((boot + 1)) times, $(grep -c '"say":"ended"' "$work/reports") operations done"
  done
  return $status
}

# Succeeds when it is time to pull the plug, fails when the machine has ended by itself.
wait_for_reports() {
  local qemu=$1 booted=$2 reports=$3 limit=$4
  while kill -0 "$qemu" 2>/dev/null; do
    if [ "$(grep -c '"say":"booted"' "$work/reports")" -ge "$booted" ]; then
      [ "$(tac "$work/reports" | sed '/"say":"booted"/q' | wc -l)" -le "$reports" ] || return 0
    fi
    [ "$SECONDS" -lt "$limit" ] || { say 'it does not come so far'; kill -KILL "$qemu"; }
    sleep 0.1
  done
  wait "$qemu" || :
  return 1
}
