// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/netfilter.h>
#include <napi.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "napi/args.h"
#include "napi/promise_worker.h"
#include "net/bridge.h"
#include "net/host_port.h"
#include "net/link.h"
#include "net/nft_batch.h"
#include "net/rules.h"
#include "net/sysctl.h"
#include "net/veth.h"
#include "sys/unique_fd.h"

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

Address ReadAddress(const Napi::Value& value) {
  std::optional<Address> address = ParseAddress(CString(value));
  if (!address) throw Napi::TypeError::New(value.Env(), "expected an IP address with prefix length");
  return *address;
}

Napi::Array List(const Napi::Value& value) {
  if (!value.IsArray()) throw Napi::TypeError::New(value.Env(), "expected an array");
  return value.As<Napi::Array>();
}

std::vector<Address> ReadAddresses(const Napi::Value& value) {
  Napi::Array list = List(value);
  std::vector<Address> addresses;
  for (uint32_t i = 0; i < list.Length(); ++i) addresses.push_back(ReadAddress(list.Get(i)));
  return addresses;
}

uint32_t ReadMtu(const Napi::Value& value) {
  if (value.IsUndefined()) return 0;
  const int32_t mtu = args::Int(value);
  if (mtu < 0) throw Napi::TypeError::New(value.Env(), "expected an mtu of 0 or more");
  return static_cast<uint32_t>(mtu);
}

std::string Bytes(const Napi::Value& value, size_t longest) {
  if (value.IsUndefined()) return {};
  if (!value.IsBuffer()) throw Napi::TypeError::New(value.Env(), "expected a Buffer");
  auto buffer = value.As<Napi::Buffer<char>>();
  if (buffer.Length() > longest) throw Napi::TypeError::New(value.Env(), "Buffer too long");
  return std::string(buffer.Data(), buffer.Length());
}

uint8_t Family(const Napi::Value& value) {
  const std::string name = args::String(value);
  if (name == "inet") return NFPROTO_INET;
  if (name == "bridge") return NFPROTO_BRIDGE;
  throw Napi::TypeError::New(value.Env(), "expected inet or bridge");
}

// Names of nftables: longer ones it refuses.
std::string NftName(const Napi::Value& value) {
  std::string name = CString(value);
  if (name.empty() || name.size() > 255) throw Napi::TypeError::New(value.Env(), "expected a name of 1 to 255 bytes");
  return name;
}

NftElement ReadElement(const Napi::Value& value) {
  if (!value.IsObject()) throw Napi::TypeError::New(value.Env(), "expected an element");
  Napi::Object object = value.As<Napi::Object>();
  NftElement element;
  element.family = Family(object.Get("family"));
  element.table = NftName(object.Get("table"));
  element.set = NftName(object.Get("set"));
  element.key = Bytes(object.Get("key"), 64);  // NFT_DATA_VALUE_MAXLEN
  element.keyEnd = Bytes(object.Get("keyEnd"), 64);
  element.data = Bytes(object.Get("data"), 64);
  return element;
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
  bridge.addresses = ReadAddresses(request.Get("addresses"));
  if (bridge.addresses.empty() || bridge.addresses.front().family != AF_INET)
    throw Napi::TypeError::New(info.Env(), "expected an IPv4 address first");
  bridge.mtu = ReadMtu(request.Get("mtu"));
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

Napi::Value EncodeElementsJs(const Napi::CallbackInfo& info) {
  const bool remove = args::Bool(info[0]);
  Napi::Array list = List(info[1]);
  std::vector<NftElement> elements;
  for (uint32_t i = 0; i < list.Length(); ++i) elements.push_back(ReadElement(list.Get(i)));
  std::string messages;
  AppendElements(messages, remove ? NftOp::kDelete : NftOp::kAdd, elements);
  const std::string batch = FinishBatch(messages);
  return Napi::Buffer<char>::Copy(info.Env(), batch.data(), batch.size());
}

Napi::Value SendBatchJs(const Napi::CallbackInfo& info) {
  const bool lenient = args::Bool(args::Options(info, 1).Get("lenient"));
  return PromiseWorker<Nothing>::Queue(
      info.Env(),
      [batch = Bytes(info[0], 1 << 24), lenient]() -> Status {
        if (!lenient) return SendBatch(batch);
        SendLeniently(batch);
        return Nothing{};
      },
      ToUndefined);
}

Napi::Value ToCounter(Napi::Env env, NftCounter& counter) {
  Napi::Object object = Napi::Object::New(env);
  object.Set("packets", Napi::Number::New(env, static_cast<double>(counter.packets)));
  object.Set("bytes", Napi::Number::New(env, static_cast<double>(counter.bytes)));
  return object;
}

Napi::Value ReadCounterJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<NftCounter>::Queue(info.Env(), [element = ReadElement(info[0])] { return ReadCounter(element); }, ToCounter);
}

Napi::Value ToBuffers(Napi::Env env, std::vector<std::string>& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); ++i) array.Set(i, Napi::Buffer<char>::Copy(env, list[i].data(), list[i].size()));
  return array;
}

Napi::Value ListKeysJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<std::string>>::Queue(info.Env(), [set = ReadElement(info[0])] { return ListKeys(set); }, ToBuffers);
}

Napi::Value ToRules(Napi::Env env, std::vector<NftRule>& list) {
  Napi::Array array = Napi::Array::New(env, list.size());
  for (uint32_t i = 0; i < list.size(); ++i) {
    Napi::Object rule = Napi::Object::New(env);
    rule.Set("chain", list[i].chain);
    rule.Set("comment", list[i].comment);
    array.Set(i, rule);
  }
  return array;
}

Napi::Value ListRulesJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<std::vector<NftRule>>::Queue(
      info.Env(), [family = Family(info[0]), name = NftName(info[1])] { return ListRules(family, name); }, ToRules);
}

Napi::Value IsPortFreeJs(const Napi::CallbackInfo& info) {
  const int32_t number = args::Int(info[2]);
  std::optional<HostPort> port = ParseHostPort(CString(info[0]), CString(info[1]), number > 0 ? static_cast<unsigned long>(number) : 0);
  if (!port) throw Napi::TypeError::New(info.Env(), "expected a protocol, an address and a port");
  return Napi::Boolean::New(info.Env(), static_cast<bool>(BindHostPort(*port, {})));
}

// Connects the namespace `netns` is open on: the far end is there and up with its addresses and routes when this
// returns, or there is nothing of the pair.
Status ConnectVeth(int netns, const Veth& veth) {
  if (Status created = CreatePair(netns, veth); !created) return created;
  Status configured = Nothing{};
  // On a thread of its own, which ends in the namespace it enters.
  std::thread([&] {
    configured = setns(netns, CLONE_NEWNET) == 0 ? ConfigureEnd(veth) : Status(Error::last("setns", veth.name));
  }).join();
  if (!configured) (void)RemovePair(veth.host);
  return configured;
}

Napi::Value ConnectVethJs(const Napi::CallbackInfo& info) {
  const int32_t netns = args::Int(info[0]);
  Napi::Object request = args::Options(info, 1);
  Veth veth;
  veth.bridge = LinkName(request.Get("bridge"));
  veth.host = LinkName(request.Get("host"));
  veth.name = LinkName(request.Get("name"));
  const std::string hardware = Bytes(request.Get("hardware"), veth.hardware.size());
  if (hardware.size() != veth.hardware.size()) throw Napi::TypeError::New(info.Env(), "expected a hardware address of 6 bytes");
  std::copy(hardware.begin(), hardware.end(), veth.hardware.begin());
  veth.addresses = ReadAddresses(request.Get("addresses"));
  veth.gateways = ReadAddresses(request.Get("gateways"));
  UniqueFd space(fcntl(netns, F_DUPFD_CLOEXEC, 3));
  if (!space) throw Napi::TypeError::New(info.Env(), "expected an open network namespace");
  auto shared = std::make_shared<UniqueFd>(std::move(space));
  return PromiseThread<Nothing>::Start(info.Env(), [shared, veth] { return ConnectVeth(shared->get(), veth); }, ToUndefined);
}

Napi::Value HasTableJs(const Napi::CallbackInfo& info) {
  return PromiseWorker<bool>::Queue(
      info.Env(), [family = Family(info[0]), name = NftName(info[1])] { return HasTable(family, name); }, ToBoolean);
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
  exports.Set("encodeElements", Napi::Function::New(env, EncodeElementsJs, "encodeElements"));
  exports.Set("sendBatch", Napi::Function::New(env, SendBatchJs, "sendBatch"));
  exports.Set("readCounter", Napi::Function::New(env, ReadCounterJs, "readCounter"));
  exports.Set("listKeys", Napi::Function::New(env, ListKeysJs, "listKeys"));
  exports.Set("listRules", Napi::Function::New(env, ListRulesJs, "listRules"));
  exports.Set("isPortFree", Napi::Function::New(env, IsPortFreeJs, "isPortFree"));
  exports.Set("connectVeth", Napi::Function::New(env, ConnectVethJs, "connectVeth"));
  exports.Set("hasTable", Napi::Function::New(env, HasTableJs, "hasTable"));
  exports.Set("sysctl", Napi::Function::New(env, SysctlJs, "sysctl"));
  return exports;
}

}  // namespace
}  // namespace dockerlite

static Napi::Object InitModule(Napi::Env env, Napi::Object exports) { return dockerlite::Init(env, exports); }

NODE_API_MODULE(dockerlite_net, InitModule)
