// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/stream.hpp"

namespace drydock::testing {

// The server's end of a connection whose client presented these certificates.
class CertifiedStream final : public ferry::net::Stream {
 public:
  CertifiedStream(std::unique_ptr<ferry::net::Stream> inner, std::vector<std::string> chain)
      : inner_(std::move(inner)) {
    peer_.tls = true;
    peer_.certificate_chain = std::move(chain);
  }
  ferry::net::Task<ferry::Result<std::size_t>> read_some(std::span<char> buffer) override {
    return inner_->read_some(buffer);
  }
  ferry::net::Task<ferry::Result<void>> write(std::string_view bytes) override {
    return inner_->write(bytes);
  }
  void close() override { inner_->close(); }
  void set_deadline(std::optional<ferry::net::SteadyTime> deadline) override {
    inner_->set_deadline(deadline);
  }
  const ferry::net::PeerInfo& peer() const override { return peer_; }

 private:
  std::unique_ptr<ferry::net::Stream> inner_;
  ferry::net::PeerInfo peer_;
};

}  // namespace drydock::testing
