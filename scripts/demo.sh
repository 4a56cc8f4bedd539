#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# npm run demo: sets up what is missing, then the first five minutes with dockerlite, each step timed.
# Works on the store at $DOCKERLITE_ROOT, else /var/lib/dockerlite; makes images busybox and busybox-hello, container demo.
set -euo pipefail
cd "$(dirname "$(realpath "$0")")/.."
bash scripts/setup.sh

times=()
dockerlite() { node bin/dockerlite.js "$@"; }
# show COMMAND...: echoes it as a user would type it, runs it and takes its time.
show() {
  local start words= word
  for word; do
    [[ $word =~ ^[A-Za-z0-9_./:=@%+-]+$ ]] || word=${word@Q}
    words+=" $word"
  done
  start=$EPOCHREALTIME
  printf '\n$%s\n' "$words"
  "$@"
  local end=$EPOCHREALTIME
  times+=("$(printf '%8.1f ms %s' "$(((${end/[.,]/} - ${start/[.,]/}) / 100))e-1" "$words")")
}

root=${DOCKERLITE_ROOT:-/var/lib/dockerlite}
printf '\nA store at %s: every image and container is a btrfs subvolume in it.\n' "$root"
if dockerlite images -q >/dev/null 2>&1; then
  echo "(it is there already; what an earlier demo left is replaced)"
  dockerlite rm -f demo >/dev/null 2>&1 || :
  # Without -f: an image that a container of the user's came from stays.
  for image in busybox-hello busybox; do dockerlite rmi $image >/dev/null 2>&1 || :; done
else
  show dockerlite init
fi

printf "\nA base image from Debian's static busybox.\n"
show dockerlite image bootstrap busybox

printf '\nA container from it, which changes a file. Its root is a snapshot: nothing is copied.\n'
show dockerlite run --name demo busybox sh -c 'echo "hello from $(hostname)" >/root/hello; cat /root/hello'
printf '\nWhat it changed, as the kernel tells it.\n'
show dockerlite diff demo
printf '\nThe change as an image, and a container that runs it.\n'
show dockerlite commit demo busybox-hello
show dockerlite run --rm busybox-hello cat /root/hello
show dockerlite run --rm --network none busybox true
show dockerlite ps -a

printf '\nTime for each, the start of Node included (node -e 0 alone takes'
start=$EPOCHREALTIME; node -e 0; end=$EPOCHREALTIME
printf ' %d ms here):\n' "$(((${end/[.,]/} - ${start/[.,]/}) / 1000))"
printf '%s\n' "${times[@]}"

# Ready to type: a link on PATH, unless something else has that name.
link=/usr/local/bin/dockerlite
target=$PWD/bin/dockerlite.js
if [ ! -e $link ] && [ ! -L $link ]; then mkdir -p "${link%/*}" && ln -s "$target" $link; fi
if [ "$(realpath -m $link)" = "$target" ]; then
  printf '\n%s is this checkout. Try: dockerlite run -it --rm busybox\n' $link
else
  printf '\n%s is something else and was left alone. To use this checkout: alias dockerlite=%q\n' $link "$target"
fi
[ "$root" = /var/lib/dockerlite ] || printf 'This store is not the default one: export DOCKERLITE_ROOT=%q\n' "$root"
