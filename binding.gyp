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
        "native/sys/loop.cc",
        "native/sys/mount_btrfs.cc",
        "native/sys/mount_points.cc",
        "native/sys/probe.cc",
        "native/sys/syscalls.cc",
        "native/btrfs/binding.cc",
        "native/btrfs/nested.cc",
        "native/btrfs/send_diff.cc",
        "native/btrfs/send_fold.cc",
        "native/btrfs/send_resolve.cc",
        "native/btrfs/send_stream.cc",
        "native/btrfs/send_tree.cc",
        "native/btrfs/snapshot_batch.cc",
        "native/btrfs/subvolume.cc",
        "native/btrfs/subvolume_delete.cc",
        "native/btrfs/system_binding.cc"
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
    }
  ]
}
