{
  "variables": {
    "openssl_fips": "",
    "warnings": ["-Wall", "-Wextra", "-Werror"]
  },
  "target_defaults": {
    "cflags": ["<@(warnings)", "-fvisibility=hidden", "-fstack-protector-strong"],
    "cflags!": ["-fno-exceptions"],
    "cflags_cc": ["-std=c++20"],
    "cflags_cc!": ["-fno-exceptions", "-fno-rtti", "-std=gnu++17", "-std=gnu++20"],
    "include_dirs": ["native"],
    "defines": ["_GNU_SOURCE", "_FILE_OFFSET_BITS=64"]
  },
  "targets": [
    {
      "target_name": "dockerlite",
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "sources": [
        "native/addon.cc",
        "native/sys/journal.cc",
        "native/sys/journal_binding.cc",
        "native/sys/loop.cc",
        "native/sys/mount_btrfs.cc",
        "native/sys/mount_points.cc",
        "native/sys/probe.cc",
        "native/sys/remove_files.cc",
        "native/sys/syscalls.cc",
        "native/sys/terminal.cc",
        "native/sys/terminal_binding.cc",
        "native/btrfs/binding.cc",
        "native/btrfs/default_subvolume.cc",
        "native/btrfs/nested.cc",
        "native/btrfs/send_diff.cc",
        "native/btrfs/send_fold.cc",
        "native/btrfs/send_resolve.cc",
        "native/btrfs/send_stream.cc",
        "native/btrfs/send_tree.cc",
        "native/btrfs/snapshot_batch.cc",
        "native/btrfs/subvolume.cc",
        "native/btrfs/subvolume_delete.cc",
        "native/btrfs/tree_search.cc",
        "native/btrfs/system_binding.cc",
        "native/supervisor-client/binding.cc",
        "native/supervisor-client/connection.cc",
        "native/supervisor-client/poll_handle.cc",
        "native/supervisor-client/reaper.cc",
        "native/supervisor/frame.cc",
        "native/supervisor/frame_socket.cc"
      ]
    },
    {
      "target_name": "dockerlite-archive",
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["<!@(pkg-config --cflags libarchive nettle)"],
      "libraries": ["<!@(pkg-config --libs libarchive nettle)"],
      "sources": [
        "native/archive/acl.cc",
        "native/archive/apply_meta.cc",
        "native/archive/binding.cc",
        "native/archive/copy_tree.cc",
        "native/archive/data_regions.cc",
        "native/archive/decoder.cc",
        "native/archive/fd_stream.cc",
        "native/archive/names.cc",
        "native/archive/pack.cc",
        "native/archive/path_stat.cc",
        "native/archive/pax_header.cc",
        "native/archive/remove_tree.cc",
        "native/archive/root_dir.cc",
        "native/archive/tar_reader.cc",
        "native/archive/tree_walk.cc",
        "native/archive/tree_writer.cc",
        "native/archive/unpack.cc",
        "native/archive/xattrs.cc"
      ]
    },
    {
      "target_name": "dockerlite-net",
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["<!@(pkg-config --cflags libmnl libnftables)"],
      "libraries": ["<!@(pkg-config --libs libmnl)", "-ldl"],
      "sources": [
        "native/net/binding.cc",
        "native/net/bridge.cc",
        "native/net/link.cc",
        "native/net/netlink.cc",
        "native/net/rules.cc",
        "native/net/sysctl.cc"
      ]
    },
    {
      "target_name": "dockerlite-lxc",
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["<!@(pkg-config --cflags lxc)"],
      "libraries": ["<!@(pkg-config --libs lxc)"],
      "sources": ["native/lxc/binding.cc"]
    },
    {
      "target_name": "dockerlite-seccomp",
      "include_dirs": ["<!(node -p \"require('node-addon-api').include_dir\")"],
      "defines": ["NAPI_VERSION=8", "NODE_ADDON_API_DISABLE_DEPRECATED"],
      "cflags": ["<!@(pkg-config --cflags libseccomp)"],
      "libraries": ["<!@(pkg-config --libs libseccomp)"],
      "sources": ["native/seccomp/beyond.cc", "native/seccomp/binding.cc", "native/seccomp/compile.cc"]
    },
    {
      "target_name": "dockerlite-supervisor",
      "type": "executable",
      "product_extension": "",
      "cflags": ["<!@(pkg-config --cflags lxc)", "-fPIE", "-ffunction-sections", "-fdata-sections"],
      "ldflags": ["-pie", "-static-libstdc++", "-static-libgcc", "-Wl,--gc-sections", "-Wl,-z,now"],
      "ldflags!": ["-rdynamic"],
      "libraries": ["<!@(pkg-config --libs lxc)"],
      "sources": [
        "native/supervisor/cgroup.cc",
        "native/supervisor/cgroup_warmup.cc",
        "native/supervisor/client_fd.cc",
        "native/supervisor/device_node.cc",
        "native/supervisor/enter.cc",
        "native/supervisor/event_log.cc",
        "native/supervisor/event_loop.cc",
        "native/supervisor/frame.cc",
        "native/supervisor/frame_socket.cc",
        "native/supervisor/host_mounts.cc",
        "native/supervisor/idmap.cc",
        "native/supervisor/input_stream.cc",
        "native/supervisor/json_log.cc",
        "native/supervisor/lxc_start.cc",
        "native/supervisor/main.cc",
        "native/supervisor/messages.cc",
        "native/supervisor/oom.cc",
        "native/supervisor/output_stream.cc",
        "native/supervisor/own_root.cc",
        "native/supervisor/process.cc",
        "native/supervisor/requests.cc",
        "native/supervisor/run_dir.cc",
        "native/sys/remove_files.cc",
        "native/supervisor/shim_link.cc",
        "native/supervisor/supervisor.cc",
        "native/sys/journal.cc",
        "native/sys/syscalls.cc"
      ]
    },
    {
      "target_name": "dockerlite-init",
      "type": "executable",
      "product_extension": "",
      "cflags": ["-std=gnu17", "-Os"],
      "cflags!": ["-fPIC", "-O3"],
      "ldflags": ["-static", "-s"],
      "ldflags!": ["-rdynamic"],
      "sources": [
        "native/init-shim/command.c",
        "native/init-shim/link.c",
        "native/init-shim/main.c",
        "native/init-shim/payload.c",
        "native/init-shim/privileges.c",
        "native/init-shim/reaper.c",
        "native/init-shim/sysctl.c",
        "native/init-shim/terminal.c",
        "native/init-shim/user.c"
      ]
    }
  ]
}
