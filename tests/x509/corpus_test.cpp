// SPDX-License-Identifier: Apache-2.0
// What the fuzz targets began with and what they have found, read again.
#include <gtest/gtest.h>

#include <filesystem>

#include "base/file.hpp"
#include "fuzz/csr_property.hpp"
#include "fuzz/pem_chain_property.hpp"

namespace ferry::x509::test {
namespace {

int replay(const std::string& name, void (*check)(std::string_view)) {
  const auto directory = std::filesystem::path(__FILE__).parent_path() / "../../fuzz/corpus" / name;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    const auto bytes = read_file(entry.path());
    EXPECT_TRUE(bytes) << entry.path();
    if (bytes) check(*bytes);
    ++count;
  }
  return count;
}

TEST(Corpus, CertificateRequests) {
  EXPECT_GE(replay("csr", check_csr), 8);
}

TEST(Corpus, PemChains) {
  EXPECT_GE(replay("pem_chain", check_pem_chain), 5);
}

}  // namespace
}  // namespace ferry::x509::test
