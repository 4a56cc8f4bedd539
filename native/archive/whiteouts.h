// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <unordered_set>

#include "archive/root_dir.h"
#include "sys/result.h"

namespace dockerlite::tree {

// What a layer takes away from those below it (OCI image specification, layer.md): `.wh.NAME` removes NAME,
// `.wh..wh..opq` everything a directory had. What the layer itself brings stays, whatever the order of its entries.
class Whiteouts {
 public:
  explicit Whiteouts(RootDir& root) : root_(root) {}

  static bool isOne(const std::string& name);
  // An entry of this layer, by its clean name.
  void made(const std::string& name);
  Status apply(const std::string& name);

 private:
  bool isMade(const std::string& name) const { return made_.contains(std::hash<std::string>{}(name)); }
  Status removeName(const std::string& directory, const std::string& name);
  // Leaves what this layer made.
  Status clearLower(const std::string& directory);

  RootDir& root_;
  // Hashes, as a layer may have millions of names; two of one hash could spare a file of the author's own image.
  std::unordered_set<size_t> made_;
};

}  // namespace dockerlite::tree
