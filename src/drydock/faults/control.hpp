// SPDX-License-Identifier: Apache-2.0
// How a running Drydock is told to fail: HTTP over the Unix socket DIR/control.sock, which the
// directory's mode (0700) keeps to its owner.
//
//   GET    /faults       {"faults": [{"id", ..., "matched", "struck"}]}
//   POST   /faults       a fault; 201 {"id"}, 400 {"error": {"code", "message"}}
//   DELETE /faults       all; 204
//   DELETE /faults/{id}  one; 204, 404
#pragma once

#include <filesystem>

#include "drydock/faults/faults.hpp"
#include "net/stream.hpp"

namespace drydock {

std::filesystem::path control_socket(const std::filesystem::path& directory);

ferry::net::HttpResponse answer_control(Faults& faults, const ferry::net::HttpRequest& request);

// The other end, for the command line. Code::unavailable when no Drydock serves the directory.
class ControlClient {
 public:
  explicit ControlClient(std::filesystem::path directory) : directory_(std::move(directory)) {}
  ferry::net::Task<ferry::Result<std::string>> add(Fault fault) const;  // the fault's id
  ferry::net::Task<ferry::Result<ferry::json::array>> list() const;
  ferry::net::Task<ferry::Result<void>> remove(std::string id) const;
  ferry::net::Task<ferry::Result<void>> clear() const;

 private:
  ferry::net::Task<ferry::Result<ferry::json::object>> call(std::string method, std::string path,
                                                            std::string body) const;
  std::filesystem::path directory_;
};

}  // namespace drydock
