// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <linux/if.h>
#include <napi.h>

#include <charconv>

#include "napi/args.h"
#include "napi/promise_worker.h"
#include "net/bridge.h"
#include "net/link.h"
#include "net/rules.h"
#include "net/sysctl.h"

namespace dockerlite {
namespace {

// A name the kernel can hold and that no C string cuts short.
std::string LinkName(const Napi::Value& value) {
  std::string name = args::String(value);
  if (name.empty() || name.size() >= IFNAMSIZ || name.find('\0') != std::string::npos)
    throw Napi::TypeError::New(value.Env(), "expected an interface name of 1 to 15 bytes");
  return name;
}

std::string CString(const Napi::Value& value) {
  std::string text = args::String(value);
  if (text.find('\0') != std::string::npos) throw Napi::TypeError::New(value.Env(), "string contains a NUL byte");
  return text;
}

void ReadCidr(const Napi::Value& value, Bridge& bridge) {
  const std::string text = CString(value);
  const size_t slash = text.find('/');
  unsigned prefix = 33;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    auto parsed = std::from_chars(text.data() + slash + 1, end, prefix);
    if (parsed.ec != std::errc() || parsed.ptr != end) prefix = 33;
  }
  if (prefix > 32 || inet_pton(AF_INET, text.substr(0, slash).c_str(), &bridge.address) != 1)
    throw Napi::TypeError::New(value.Env(), "expected an IPv4 address with prefix length");
  bridge.prefix = static_cast<uint8_t>(prefix);
}

Napi::Value ToUndefined(Napi::Env env, Nothing&) { return env.Undefined(); }
Napi::Value ToBoolean(Napi::Env env, bool& value) { return Napi::Boolean::New(env, value); }
Napi::Value ToString(Napi::Env env, std::string& text) { return Napi::String::New(env, text); }

Napi::Value ToStrings(Napi::Env env, std::vector<std::string>& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); ++i) array.Set(i, Napi::String::New(env, list[i]));
  return array;
}

Napi::Value ToLinks(Napi::Env env, std::vector<Link>& links) {
  Napi::Array array = Napi::Array::New(env, links.size());
  for (uint32_t i = 0; i < links.size(); ++i) {
    Napi::Object link = Napi::Object::New(env);
    link.Set("name", links[i].name);
    link.Set("index", links[i].index);
    link.Set("kind", links[i].kind);
    link.Set("up", links[i].up);
    link.Set("addresses", ToStrings(env, links[i].addresses));
    array.Set(i, link);
  }
  return array;
}

Napi::Value EnsureBridgeJs(const Napi::CallbackInfo& info) {
  Napi::Object request = args::Options(info, 0);
  Bridge bridge;
  bridge.name = LinkName(request.Get("name"));
  ReadCidr(request.Get("address"), bridge);
  Napi::Value mtu = request.Get("mtu");
  if (!mtu.IsUndefined()) {
    const int32_t number = args::Int(mtu);
    if (number < 0) throw Napi::TypeError::New(info.Env(), "expected an mtu of 0 or more");
    bridge.mtu = static_cast<uint32_t>(number);
  }
  return PromiseWorker<Nothing>::Queue(info.Env(), [bridge] { return EnsureBridge(bridge); }, ToUndefined);
}

Napi::Value DeleteLinkJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<Nothing>::Queue(info.Env(), [name = LinkName(info[0])] { return DeleteLink(name); }, ToUndefined);
}

Napi::Value LinksJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<Link>>::Queue(info.Env(), [] { return ListLinks(); }, ToLinks);
}

Napi::Value UsedSubnetsJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<std::string>>::Queue(info.Env(), [] { return ListUsedSubnets(); }, ToStrings);
}

// A thread of its own: large rule sets are slow to read, and calls queue up behind each other.
Napi::Value NftJs(const Napi::CallbackInfo& info) {
  const bool json = args::Bool(args::Options(info, 1).Get("json"));
  return PromiseThread<std::string>::Start(
      info.Env(), [commands = CString(info[0]), json] { return RunNft(commands, json); }, ToString);
}

Napi::Value HasTableJs(const Napi::CallbackInfo& info) {
  std::string name = CString(info[0]);
  if (name.size() > 255) throw Napi::TypeError::New(info.Env(), "expected a table name of at most 255 bytes");
  return PromiseWorker<bool>::Queue(info.Env(), [name] { return HasTable(name); }, ToBoolean);
}

Napi::Value SysctlJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::string>::Queue(
      info.Env(), [key = CString(info[0]), value = CString(info[1])] { return SetNetSysctl(key, value); }, ToString);
}

Napi::Object Init(Napi::Env env, Napi::Object exports) {
  exports.Set("ensureBridge", Napi::Function::New(env, EnsureBridgeJs, "ensureBridge"));
  exports.Set("deleteLink", Napi::Function::New(env, DeleteLinkJs, "deleteLink"));
  exports.Set("links", Napi::Function::New(env, LinksJs, "links"));
  exports.Set("usedSubnets", Napi::Function::New(env, UsedSubnetsJs, "usedSubnets"));
  exports.Set("nft", Napi::Function::New(env, NftJs, "nft"));
  exports.Set("hasTable", Napi::Function::New(env, HasTableJs, "hasTable"));
  exports.Set("sysctl", Napi::Function::New(env, SysctlJs, "sysctl"));
  return exports;
}

}  // namespace
}  // namespace dockerlite

static Napi::Object InitModule(Napi::Env env, Napi::Object exports) { return dockerlite::Init(env, exports); }

NODE_API_MODULE(dockerlite_net, InitModule)
