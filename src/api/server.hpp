// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/installer_files.hpp"
#include "control/control.hpp"
#include "net/http.hpp"
#include "net/router.hpp"

namespace ferry::api {

// The whole HTTP face: a function from requests to responses, without sockets. `control` and
// `clock` outlive it, and it outlives every request.
class Server {
 public:
  Server(control::Control& control, const Clock& clock,
         InstallerFiles installer = {"", "", own_directory()});
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Never fails: what goes wrong is an error response. Writes the access log, which holds neither
  // queries nor bodies nor tokens.
  net::Task<net::HttpResponse> handle(net::HttpRequest request);
  const net::Router& router() const { return router_; }

  static constexpr std::size_t kMaxUpload = std::size_t{512} << 20;  // files of components, images
  static constexpr std::size_t kMaxBody = std::size_t{1} << 20;      // everything else

 private:
  net::Task<net::HttpResponse> answer(net::HttpRequest request);

  control::Control& control_;
  const Clock& clock_;
  InstallerFiles installer_;
  net::Router router_;
};

}  // namespace ferry::api
