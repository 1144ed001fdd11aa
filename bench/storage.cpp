// SPDX-License-Identifier: Apache-2.0
// Load on a Blob Storage or a registry, and what a plain copy through a loopback socket takes:
//   bench_storage blob ENDPOINT ACCOUNT CONNECTIONS OBJECTS MEGABYTES   key in STORAGE_KEY
//   bench_storage registry HOST MEGABYTES      user and password in REGISTRY_USER,
//   REGISTRY_PASSWORD bench_storage copy FILE TARGET             FILE's bytes into TARGET, synced,
//   and back
// CA_FILE names what else is trusted. Prints one JSON object with seconds and rates.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "azure/blob/client.hpp"
#include "base/crypto.hpp"
#include "base/file.hpp"
#include "oci/digest.hpp"
#include "oci/registry_client.hpp"

namespace {

using namespace ferry;

constexpr std::size_t kSmall = 1024;
constexpr std::size_t kPiece = 256 * 1024;
const std::string kContainer = "bench";

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <class T>
T demand(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "bench_storage: %s\n", result.error().describe().c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(result);
}

void demand(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "bench_storage: %s\n", what);
  std::exit(1);
}

std::string text_of(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

std::shared_ptr<const net::TlsClientContext> tls() {
  net::TlsClientOptions options;
  const std::string file = text_of("CA_FILE");
  if (!file.empty()) options.ca_pem = demand(read_file(file));
  return demand(net::TlsClientContext::create(options));
}

// The numbers that are left, shared by the workers of one phase.
struct Share {
  int next = 0;
  int end = 0;
  int running = 0;
};

using Work = std::function<net::Task<void>(azure::BlobClient&, int)>;

net::Task<void> work_off(azure::BlobClient& blobs, Work work, std::shared_ptr<Share> share,
                         std::shared_ptr<net::Notifier> done) {
  while (share->next < share->end) {
    const int number = share->next++;
    co_await work(blobs, number);
  }
  if (--share->running == 0) done->notify();
}

net::Task<double> rate_of(azure::BlobClient& blobs, int connections, int objects, Work work) {
  auto share = std::make_shared<Share>(Share{0, objects, connections});
  const auto executor = co_await net::current_executor();
  auto done = std::make_shared<net::Notifier>(executor);
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < connections; ++i) net::spawn(executor, work_off(blobs, work, share, done));
  if (share->running > 0) co_await done->wait();
  co_return objects / seconds_since(start);
}

std::string name_of(int number) {
  return fmt::format("small/{}", number);
}

net::Task<void> put_one(azure::BlobClient& blobs, int number) {
  auto put = co_await blobs.put(kContainer, name_of(number), std::string(kSmall, 'x'));
  demand(put.has_value(), put ? "" : put.error().message.c_str());
}

net::Task<void> get_one(azure::BlobClient& blobs, int number) {
  auto got = co_await blobs.get(kContainer, name_of(number));
  demand(got && got->content.size() == kSmall, "a small blob is not as it was put");
}

net::Task<json::object> measure_blobs(azure::BlobClient& blobs, int connections, int objects,
                                      std::size_t bytes) {
  auto made = co_await blobs.ensure_container(kContainer);
  demand(made.has_value(), "the container cannot be made");
  json::object figures;
  const double puts = co_await rate_of(blobs, connections, objects, put_one);
  figures["putsPerSecond"] = puts;
  const double gets = co_await rate_of(blobs, connections, objects, get_one);
  figures["getsPerSecond"] = gets;
  const std::string large = random_bytes(bytes);
  auto start = std::chrono::steady_clock::now();
  auto put = co_await blobs.put(kContainer, "large", large);
  demand(put.has_value(), "the large blob cannot be put");
  figures["largePutSeconds"] = seconds_since(start);
  start = std::chrono::steady_clock::now();
  auto got = co_await blobs.get(kContainer, "large");
  demand(got && got->content == large, "the large blob is not as it was put");
  figures["largeGetSeconds"] = seconds_since(start);
  co_return figures;
}

json::object bench_blob(char** arguments) {
  net::EventLoop loop;
  const SystemClock clock;
  net::HttpClient http({.tls = tls()});
  azure::PipelineOptions options;
  options.transport = azure::transport_over(http);
  options.clock = &clock;
  azure::Pipeline pipeline(std::move(options));
  azure::BlobClient blobs(pipeline, arguments[0], {arguments[1], Secret(text_of("STORAGE_KEY"))});
  return loop.run_until_done(
      measure_blobs(blobs, std::atoi(arguments[2]), std::atoi(arguments[3]),
                    static_cast<std::size_t>(std::atoi(arguments[4])) << 20));
}

net::Task<json::object> measure_registry(oci::RegistryClient& registry, std::size_t bytes) {
  const std::string blob = random_bytes(bytes);
  const std::string digest = oci::sha256_digest(blob);
  auto start = std::chrono::steady_clock::now();
  auto pushed = co_await registry.push_blob("bench/app", digest, blob);
  demand(pushed.has_value(), pushed ? "" : pushed.error().message.c_str());
  json::object figures{{"pushSeconds", seconds_since(start)}};
  start = std::chrono::steady_clock::now();
  auto pulled = co_await registry.get_blob("bench/app", digest);
  demand(pulled && *pulled == blob, "the layer is not as it was pushed");
  figures["pullSeconds"] = seconds_since(start);
  co_return figures;
}

json::object bench_registry(char** arguments) {
  net::EventLoop loop;
  const SystemClock clock;
  net::HttpClient http({.tls = tls()});
  oci::RegistryOptions options;
  options.host = arguments[0];
  options.clock = &clock;
  if (const auto user = text_of("REGISTRY_USER"); !user.empty()) {
    options.credential = oci::RegistryCredential{user, Secret(text_of("REGISTRY_PASSWORD"))};
  }
  oci::RegistryClient registry(oci::transport_over(http), std::move(options));
  return loop.run_until_done(
      measure_registry(registry, static_cast<std::size_t>(std::atoi(arguments[1])) << 20));
}

void write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(descriptor, bytes.data(), bytes.size());
    demand(written > 0, "cannot write");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Two connected TCP sockets of this machine.
std::pair<int, int> loopback_pair() {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  demand(::bind(listener, generic, size) == 0 && ::listen(listener, 1) == 0, "cannot listen");
  ::getsockname(listener, generic, &size);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  demand(::connect(client, generic, size) == 0, "cannot connect");
  const int server = ::accept(listener, nullptr, nullptr);
  ::close(listener);
  return {client, server};
}

// From `from` through a socket into `to`, which is synced in the end as a server's file would be.
double copy_through_socket(const std::string& from, const std::string& to, bool synced) {
  const auto [sender, receiver] = loopback_pair();
  const auto start = std::chrono::steady_clock::now();
  const std::string content = demand(read_file(from));
  std::thread sending([&, sending_end = sender] {
    write_all(sending_end, content);
    ::shutdown(sending_end, SHUT_WR);
  });
  std::FILE* file = std::fopen(to.c_str(), "wb");
  demand(file != nullptr, "cannot open the target");
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto count = ::read(receiver, piece.data(), piece.size());
    if (count <= 0) break;
    write_all(::fileno(file), std::string_view(piece).substr(0, static_cast<std::size_t>(count)));
  }
  if (synced) ::fsync(::fileno(file));
  sending.join();
  std::fclose(file);
  ::close(sender);
  ::close(receiver);
  return seconds_since(start);
}

json::object bench_copy(char** arguments) {
  const std::string file = arguments[0];
  const std::string target = arguments[1];
  json::object figures{{"putSeconds", copy_through_socket(file, target, true)}};
  figures["getSeconds"] = copy_through_socket(target, target + ".back", false);
  return figures;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 1 ? argv[1] : "";
  json::object figures;
  if (what == "blob" && argc == 7) {
    figures = bench_blob(argv + 2);
  } else if (what == "registry" && argc == 4) {
    figures = bench_registry(argv + 2);
  } else if (what == "copy" && argc == 4) {
    figures = bench_copy(argv + 2);
  } else {
    std::fprintf(stderr, "usage: see the first lines of bench/storage.cpp\n");
    return 2;
  }
  std::printf("%s\n", json::serialize(figures).c_str());
  return 0;
}
