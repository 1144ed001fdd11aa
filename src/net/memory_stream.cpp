// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "net/stream.hpp"

namespace ferry::net {
namespace {

// One direction: bytes written and not yet read.
struct Pipe {
  explicit Pipe(Executor executor) : changed(executor) {}
  std::string bytes;
  bool closed = false;
  Notifier changed;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryStream() override { MemoryStream::close(); }

  Task<Result<std::size_t>> read_some(std::span<char> buffer) override {
    const auto pipe = in_;
    while (pipe->bytes.empty() && !pipe->closed) {
      auto wait = std::chrono::milliseconds(std::chrono::hours(24));
      if (deadline_) {
        wait = std::chrono::ceil<std::chrono::milliseconds>(*deadline_ -
                                                            std::chrono::steady_clock::now());
        if (wait.count() <= 0) co_return fail(Code::deadline_exceeded, "read took too long");
      }
      co_await pipe->changed.wait_for(wait);
    }
    const std::size_t count = std::min(buffer.size(), pipe->bytes.size());
    std::memcpy(buffer.data(), pipe->bytes.data(), count);
    pipe->bytes.erase(0, count);
    co_return count;
  }

  Task<Result<void>> write(std::string_view bytes) override {
    if (out_->closed) co_return fail(Code::unavailable, "write: the other side has closed");
    out_->bytes.append(bytes);
    out_->changed.notify();
    co_return Result<void>();
  }

  void close() override {
    for (const auto& pipe : {in_, out_}) {
      pipe->closed = true;
      pipe->changed.notify();
    }
  }
  void set_deadline(std::optional<SteadyTime> deadline) override { deadline_ = deadline; }
  const PeerInfo& peer() const override { return peer_; }

 private:
  std::shared_ptr<Pipe> in_;
  std::shared_ptr<Pipe> out_;
  std::optional<SteadyTime> deadline_;
  PeerInfo peer_;
};

}  // namespace

std::pair<std::unique_ptr<Stream>, std::unique_ptr<Stream>> make_memory_streams(Executor executor) {
  auto there = std::make_shared<Pipe>(executor);
  auto back = std::make_shared<Pipe>(executor);
  return {std::make_unique<MemoryStream>(back, there), std::make_unique<MemoryStream>(there, back)};
}

}  // namespace ferry::net
