// SPDX-License-Identifier: Apache-2.0
// Blob containers as Resource Manager manages them; Blob Storage (drydock/blob) keeps them.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace drydock {

struct ContainerInfo {
  std::string name;
  std::string etag;
  ferry::Timestamp modified;
  std::vector<std::pair<std::string, std::string>> metadata;
};

class ContainerKeeper {
 public:
  virtual ~ContainerKeeper() = default;
  virtual ferry::Result<std::optional<ContainerInfo>> container_of(std::string_view account,
                                                                   std::string_view name) = 0;
  virtual ferry::Result<std::vector<ContainerInfo>> containers_of(std::string_view account) = 0;
  // False when it is there already.
  virtual ferry::Result<bool> make_container(std::string_view account, std::string_view name) = 0;
  // False when there is none.
  virtual ferry::Result<bool> drop_container(std::string_view account, std::string_view name) = 0;
};

}  // namespace drydock
