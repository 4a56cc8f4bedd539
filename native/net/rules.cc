// SPDX-License-Identifier: Apache-2.0
#include "net/rules.h"

#include <dlfcn.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>

#include <memory>
#include <mutex>

#include "net/netlink.h"

namespace dockerlite {
namespace {

// libnftables is opened when rules are first written, not linked: it brings half a dozen libraries along, which takes
// longer than all else a container's start asks of this addon, and starts do not write rules.
struct Nftables {
  decltype(&nft_ctx_new) create;
  decltype(&nft_ctx_free) destroy;
  decltype(&nft_ctx_buffer_output) bufferOutput;
  decltype(&nft_ctx_buffer_error) bufferError;
  decltype(&nft_ctx_get_output_buffer) output;
  decltype(&nft_ctx_get_error_buffer) error;
  decltype(&nft_ctx_output_set_flags) setFlags;
  decltype(&nft_run_cmd_from_buffer) run;
};

constexpr const char* kLibrary = "libnftables.so.1";

template <typename T>
bool Bind(void* library, const char* name, T& target) {
  target = reinterpret_cast<T>(dlsym(library, name));
  return target != nullptr;
}

Result<Nftables> Load() {
  void* library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);  // stays for the life of the process
  if (library == nullptr) return Error{ENOENT, "dlopen", kLibrary, dlerror()};
  Nftables api{};
  const bool complete = Bind(library, "nft_ctx_new", api.create) && Bind(library, "nft_ctx_free", api.destroy) &&
                        Bind(library, "nft_ctx_buffer_output", api.bufferOutput) &&
                        Bind(library, "nft_ctx_buffer_error", api.bufferError) &&
                        Bind(library, "nft_ctx_get_output_buffer", api.output) &&
                        Bind(library, "nft_ctx_get_error_buffer", api.error) &&
                        Bind(library, "nft_ctx_output_set_flags", api.setFlags) &&
                        Bind(library, "nft_run_cmd_from_buffer", api.run);
  if (!complete) return Error{ENOSYS, "dlsym", kLibrary, dlerror()};
  return api;
}

}  // namespace

Result<std::string> RunNft(const std::string& commands, bool json) {
  // The library's parser keeps state of its own: one call at a time.
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  static Result<Nftables> loaded = Load();
  if (!loaded) return loaded.error();
  const Nftables& api = loaded.value();

  std::unique_ptr<nft_ctx, decltype(api.destroy)> context(api.create(NFT_CTX_DEFAULT), api.destroy);
  if (!context) return Error{ENOMEM, "nft_ctx_new", {}, {}};
  if (api.bufferOutput(context.get()) != 0 || api.bufferError(context.get()) != 0)
    return Error{ENOMEM, "nft_ctx_buffer_output", {}, {}};
  if (json) api.setFlags(context.get(), NFT_CTX_OUTPUT_JSON);
  if (api.run(context.get(), commands.c_str()) != 0) {
    const char* text = api.error(context.get());
    return Error{EINVAL, "nft_run_cmd_from_buffer", {}, text == nullptr ? "" : text};
  }
  const char* text = api.output(context.get());
  return std::string(text == nullptr ? "" : text);
}

Result<bool> HasTable(uint8_t protocol, const std::string& name) {
  auto netlink = Netlink::Open(NETLINK_NETFILTER);
  if (!netlink) return netlink.error();
  NetlinkMessage message((NFNL_SUBSYS_NFTABLES << 8) | NFT_MSG_GETTABLE, 0);
  auto* family = message.extra<nfgenmsg>();
  family->nfgen_family = protocol;
  family->version = NFNETLINK_V0;
  mnl_attr_put_strz(message.header(), NFTA_TABLE_NAME, name.c_str());
  auto done = netlink.value().Call(message, "netlink(NFT_MSG_GETTABLE)", name);
  if (!done && done.error().code == ENOENT) return false;
  if (!done) return done.error();
  return true;
}

}  // namespace dockerlite
