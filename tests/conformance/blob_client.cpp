// SPDX-License-Identifier: Apache-2.0
// Drives Ferry's blob client against any Blob Storage: blob_client ENDPOINT ACCOUNT, key (base64)
// in the environment variable STORAGE_KEY. Prints "ok - ..." and "not ok - ..." lines.
#include <cstdio>
#include <cstdlib>

#include "azure/blob/client.hpp"

namespace {

using namespace ferry;
using namespace ferry::azure;

int failures = 0;

void check(bool holds, std::string_view what, const Error* error = nullptr) {
  if (!holds) ++failures;
  std::printf("%s - %.*s%s\n", holds ? "ok" : "not ok", static_cast<int>(what.size()), what.data(),
              error ? (" # " + error->describe()).c_str() : "");
}

template <class T>
bool check_result(const Result<T>& result, std::string_view what) {
  check(result.has_value(), what, result ? nullptr : &result.error());
  return result.has_value();
}

net::Task<void> small_blobs(BlobClient& blobs, std::string container) {
  auto made = co_await blobs.ensure_container(container);
  check_result(made, "a container is made");
  auto again = co_await blobs.ensure_container(container);
  check_result(again, "making it again is no error");
  const std::string name = "components/pump/1.0.0/src/a b/ünï #1?&=+%.txt";
  PutBlobOptions options;
  options.content_type = "text/plain";
  options.only_if_absent = true;
  options.metadata = {{"version", "1"}};
  auto put = co_await blobs.put(container, name, "hello", options);
  check_result(put, "a blob with an awkward name is written");
  auto twice = co_await blobs.put(container, name, "other", options);
  check(!twice && twice.error().code == Code::conflict,
        "it is not written over when that is unwanted");
  auto got = co_await blobs.get(container, name);
  if (check_result(got, "it is read back")) {
    check(got->content == "hello" && got->properties.content_type == "text/plain" &&
              got->properties.metadata["version"] == "1",
          "content, type and metadata are as written");
  }
  auto head = co_await blobs.head(container, name);
  check(head && head->size == 5 && !head->etag.empty(), "HEAD tells its size and etag");
  auto empty = co_await blobs.put(container, "components/pump/1.0.0/src/empty", "", {});
  check_result(empty, "an empty blob is written");
  auto missing = co_await blobs.get(container, "nope");
  check(!missing && missing.error().code == Code::not_found, "a missing blob is not_found");
}

net::Task<void> listing(BlobClient& blobs, std::string container) {
  for (int i = 0; i < 7; ++i) {
    auto put = co_await blobs.put(container, fmt::format("list/{}", i), "x", {});
    if (!put) check_result(put, "blobs for the list are written");
  }
  std::string marker;
  std::size_t found = 0;
  int pages = 0;
  do {
    auto page = co_await blobs.list_page(container, "list/", marker, "", 3);
    if (!check_result(page, "a page of the list is read")) co_return;
    found += page->blobs.size();
    marker = page->marker;
    ++pages;
  } while (!marker.empty() && pages < 10);
  check(found == 7 && pages >= 3, "pages together are the whole list");
  auto top = co_await blobs.list_page(container, "components/pump/1.0.0/", "", "/");
  check(top && top->blobs.empty() && top->prefixes.size() == 1, "a delimiter gives folders");
  auto all = co_await blobs.list(container, "components/");
  check(all && all->size() == 2 && (*all)[0].name.find("ünï #1?&=+%.txt") != std::string::npos,
        "names come back as they were");
}

net::Task<void> large_and_gone(BlobClient& blobs, std::string container) {
  std::string large((std::size_t{64} << 20) + 12'345, '\0');
  for (std::size_t i = 0; i < large.size(); i += 997) large[i] = static_cast<char>(i);
  auto put = co_await blobs.put(container, "large", large, {});
  check_result(put, "a blob above 64 MiB is written in blocks");
  auto got = co_await blobs.get(container, "large");
  check(got && got->content == large, "it is read back whole");
  auto removed = co_await blobs.remove(container, "large");
  check_result(removed, "a blob is deleted");
  auto again = co_await blobs.remove(container, "large");
  check_result(again, "deleting it again is no error");
  auto dropped = co_await blobs.delete_container(container);
  check_result(dropped, "the container is deleted");
}

net::Task<int> work(BlobClient& blobs) {
  const std::string container = "ferry-conformance";
  co_await small_blobs(blobs, container);
  co_await listing(blobs, container);
  co_await large_and_gone(blobs, container);
  co_return failures;
}

}  // namespace

int main(int argc, char** argv) {
  const char* key = std::getenv("STORAGE_KEY");
  if (argc != 3 || !key) {
    std::fprintf(stderr, "usage: STORAGE_KEY=.. blob_client ENDPOINT ACCOUNT\n");
    return 2;
  }
  net::EventLoop loop;
  auto tls = net::TlsClientContext::create({});
  if (!tls) return 1;
  net::HttpClient http({.tls = *tls});
  SystemClock clock;
  PipelineOptions options;
  options.transport = transport_over(http);
  options.clock = &clock;
  Pipeline pipeline(std::move(options));
  BlobClient blobs(pipeline, argv[1], {argv[2], Secret(key)});
  return loop.run_until_done(work(blobs)) == 0 ? 0 : 1;
}
