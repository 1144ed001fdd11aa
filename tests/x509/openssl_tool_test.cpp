// SPDX-License-Identifier: Apache-2.0
// The openssl program as an independent reader of what this library makes.
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>

#include "base/file.hpp"
#include "tests/x509/fixture.hpp"
#include "x509/request.hpp"

namespace ferry::x509::test {
namespace {

class OpensslTool : public testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/ferry-x509-XXXXXX";
    directory_ = mkdtemp(pattern);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string put(const std::string& name, const std::string& text) {
    const auto path = directory_ / name;
    EXPECT_TRUE(write_file_atomically(path, text, 0600));
    return path.string();
  }
  // The exit status; standard output is in output().
  int run(const std::string& arguments) {
    const int status =
        std::system(fmt::format("openssl {} >{}/out 2>&1", arguments, directory_.string()).c_str());
    return WEXITSTATUS(status);
  }
  std::string output() { return read_file(directory_ / "out").value_or(""); }

 private:
  std::filesystem::path directory_;
};

TEST_F(OpensslTool, VerifiesTheWholeChain) {
  const Hierarchy made;
  const std::string root = put("root.pem", made.root.to_pem());
  const std::string middle = put("middle.pem", made.group.to_pem() + made.workspace.to_pem());
  const std::string node = put("node.pem", made.node.to_pem());
  const auto at = unix_seconds(kNow);
  EXPECT_EQ(run(fmt::format("verify -x509_strict -purpose sslclient -attime {} -CAfile {} "
                            "-untrusted {} {}",
                            at, root, middle, node)),
            0)
      << output();
  EXPECT_NE(run(fmt::format("verify -x509_strict -purpose sslserver -attime {} -CAfile {} "
                            "-untrusted {} {}",
                            at, root, middle, node)),
            0);
}

TEST_F(OpensslTool, ReadsWhatTheProfileAskedFor) {
  const Hierarchy made;
  ASSERT_EQ(run("x509 -noout -text -in " + put("group.pem", made.group.to_pem())), 0) << output();
  const std::string text = output();
  EXPECT_NE(text.find("CA:TRUE, pathlen:0"), std::string::npos) << text;
  EXPECT_NE(text.find("Certificate Sign, CRL Sign"), std::string::npos) << text;
  EXPECT_NE(text.find("O = Harbour, CN = group"), std::string::npos) << text;
  EXPECT_NE(text.find("prime256v1"), std::string::npos) << text;
}

TEST_F(OpensslTool, VerifiesRequestsAndKeys) {
  const PrivateKey key = PrivateKey::generate();
  auto request = CertificateRequest::create(key, "node-1");
  ASSERT_TRUE(request);
  EXPECT_EQ(run("req -verify -noout -in " + put("node.csr", request->to_pem())), 0) << output();
  EXPECT_EQ(run("pkey -check -noout -in " + put("node.key", key.to_pem().reveal())), 0) << output();
}

TEST_F(OpensslTool, VerifiesChainsOfEveryKindOfKey) {
  for (const auto type :
       {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048, KeyType::rsa_3072}) {
    const auto root_key = PrivateKey::generate(type);
    const auto root = must(issue_self_signed(root_key, ca_profile("root", 2)));
    auto group_profile = ca_profile("group", 0);
    group_profile.client_auth = true;
    const auto group_key = PrivateKey::generate(type);
    const auto group =
        must(issue(root, KeySigner(root_key), group_key.public_key(), group_profile));
    const auto node = must(issue(group, KeySigner(group_key),
                                 PrivateKey::generate(type).public_key(), leaf_profile("node")));
    const std::string command = fmt::format(
        "verify -x509_strict -attime {} -CAfile {} -untrusted {} -purpose", unix_seconds(kNow),
        put("root.pem", root.to_pem()), put("group.pem", group.to_pem()));
    const std::string file = put("node.pem", node.to_pem());
    EXPECT_EQ(run(fmt::format("{} sslclient {}", command, file)), 0) << output();
    // The group's key cannot make a server, even if it wants to.
    auto server = leaf_profile("server");
    server.server_auth = true;
    const auto forged =
        must(issue(group, KeySigner(group_key), PrivateKey::generate(type).public_key(), server));
    EXPECT_NE(run(fmt::format("{} sslserver {}", command, put("server.pem", forged.to_pem()))), 0);
    EXPECT_EQ(output().find("invalid CA certificate") != std::string::npos ||
                  output().find("purpose") != std::string::npos,
              true)
        << output();
  }
}

TEST_F(OpensslTool, ReadsTheRequestOfAnAuthority) {
  for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa_2048}) {
    const KeySigner signer(PrivateKey::generate(type));
    auto request = must(CertificateRequest::create_for_ca(signer, "workspace CA", 1));
    EXPECT_TRUE(request.verify_self_signature());
    ASSERT_EQ(run("req -verify -noout -text -in " + put("ca.csr", request.to_pem())), 0)
        << output();
    EXPECT_NE(output().find("CA:TRUE, pathlen:1"), std::string::npos) << output();
    EXPECT_NE(output().find("Certificate Sign, CRL Sign"), std::string::npos) << output();
  }
}

TEST_F(OpensslTool, MakesRequestsThatWeRead) {
  const std::string key = put("tool.key", PrivateKey::generate().to_pem().reveal());
  ASSERT_EQ(run(fmt::format("req -new -key {} -subj /O=Elsewhere/CN=tool-node", key)), 0);
  auto request = CertificateRequest::from_pem(output());
  ASSERT_TRUE(request) << request.error().describe();
  EXPECT_EQ(request->subject_cn(), "tool-node");
  EXPECT_TRUE(request->verify_self_signature());
}

}  // namespace
}  // namespace ferry::x509::test
