// SPDX-License-Identifier: Apache-2.0
#include "drydock/arm/routes.hpp"

namespace drydock::arm {

void Routes::add(std::string method, std::string_view pattern, Handler handler) {
  handlers_[fmt::format("{} {}", method, pattern)] = std::move(handler);
  router_.add(std::move(method), pattern, {});
}

void Routes::add_resource(std::string method, std::string_view type, std::string_view rest,
                          Handler handler) {
  add(std::move(method), fmt::format("{}/providers/{}/{{name}}{}", kGroup, type, rest),
      std::move(handler));
}

Routes::Match Routes::match(std::string_view method, std::string_view path) const {
  auto found = router_.match(method, path);
  if (found.handler == nullptr) return {nullptr, {}, found.refusal};
  auto handler = handlers_.find(fmt::format("{} {}", method, found.pattern));
  if (handler == handlers_.end()) {  // HEAD that the router matched with GET
    handler = handlers_.find(fmt::format("GET {}", found.pattern));
  }
  FERRY_CHECK(handler != handlers_.end());
  return {&handler->second, std::move(found.parameters), 0};
}

}  // namespace drydock::arm
