// SPDX-License-Identifier: Apache-2.0
#include "cli/authority_commands.hpp"
#include "cli/command_line.hpp"

namespace ferry::cli {
namespace {

class CertificateCommands : private CommandLine {
 public:
  using CommandLine::CommandLine;

  void add() {
    auto* parent = noun("cert", "Certificates and authorities");
    parent->alias("certificate");
    plain(parent, "list", "List certificates", certificate_list);
    plain(parent, "tree", "Authorities as a tree, with what uses them", certificate_tree);
    named(parent, "show", "Show a certificate", certificate_show, "ID");
    full<CertificateDownload>(
        parent, "download", "Get a certificate as PEM", certificate_download,
        [](CLI::App& verb, CertificateDownload& arguments) {
          verb.add_option("ID", arguments.id,
                          "Its id or SHA-256 thumbprint; trust-bundle: the roots to trust")
              ->required();
          verb.add_flag("--chain", arguments.chain, "With everything above it");
          verb.add_option("--file", arguments.file, "Where to; otherwise standard output");
        });
    full<CertificateRadar>(parent, "radar", "What ends soon", certificate_radar,
                           [](CLI::App& verb, CertificateRadar& arguments) {
                             verb.add_option("--within", arguments.within, "A number and d, h or m")
                                 ->capture_default_str();
                           });
    add_verify(parent);
    full<CertificatePolicy>(
        parent, "policy", "Show or change the kinds of keys and the life of certificates",
        certificate_policy, [](CLI::App& verb, CertificatePolicy& arguments) {
          add_target(verb, arguments.organization, &arguments.group);
          verb.add_option("--ca-key", arguments.ca_key,
                          "Of new authorities: ec-p256, ec-p384, rsa-2048, rsa-3072, rsa-4096");
          verb.add_option("--node-key", arguments.node_keys, "That nodes may bring; repeatable")
              ->allow_extra_args(false);
          verb.add_option("--node-days", arguments.node_days, "Life of a node's certificate");
        });
    add_rollovers(parent);
    add_authorities(parent);
  }

 private:
  static void add_target(CLI::App& verb, bool& organization, std::string* group) {
    auto* whole = verb.add_flag("--organization", organization,
                                "The organization's, instead of the workspace's");
    if (group) verb.add_option("--group,-g", *group, "A node group's")->excludes(whole);
  }

  void add_verify(CLI::App* parent) {
    auto chain = std::make_shared<ChainFile>();
    auto offline = std::make_shared<bool>(false);
    auto* verb = parent->add_subcommand("verify", "Say in words why a chain does not verify");
    verb->add_option("FILE", chain->file, "Certificates, the device's first")->required();
    verb->add_option("--key", chain->key_file, "Private key that should belong to it; stays here");
    verb->add_option("--purpose", chain->purpose, "client, server or any")->capture_default_str();
    verb->add_option("--at", chain->at, "At another time: 2027-01-31T00:00:00Z");
    verb->add_option("--ca", chain->ca_file, "Trusted roots; asks no server");
    verb->add_flag("--offline", *offline, "Ask no server: judge the file by itself");
    verb->callback([&invocation = invocation_, chain, offline] {
      if (*offline || !chain->ca_file.empty()) {
        invocation.chain_file = *chain;
      } else {
        invocation.command = [chain](Context& context) {
          return certificate_verify(context, *chain);
        };
      }
    });
  }

  void add_rollovers(CLI::App* above) {
    auto* parent =
        above->add_subcommand("rollover", "One authority follows another, without a gap");
    parent->require_subcommand(1);
    full<RolloverStart>(parent, "start", "Replace an authority; nodes renew, so many a minute",
                        rollover_start, [](CLI::App& verb, RolloverStart& arguments) {
                          add_target(verb, arguments.organization, &arguments.group);
                          verb.add_option("--nodes-per-minute", arguments.nodes_per_minute,
                                          "How many may renew in a minute")
                              ->check(CLI::Range(1, 100000))
                              ->capture_default_str();
                          verb.add_flag("--own", arguments.own,
                                        "Let Ferry sign what others signed before");
                          verb.add_flag("--wait", arguments.wait, "Follow it to its end");
                        });
    auto id = std::make_shared<std::string>();
    auto* status = parent->add_subcommand("status", "How far rollovers are");
    status->add_option("ID", *id);
    run(status, [id](Context& context) { return rollover_status(context, *id); });
    named(parent, "cancel", "Turn it round: back to the authority before", rollover_cancel, "ID");
    named(parent, "retry", "Go on with one that failed", rollover_retry, "ID");
    full<RolloverForce>(parent, "force", "Wait for no node any longer; shows which are left",
                        rollover_force, [](CLI::App& verb, RolloverForce& arguments) {
                          verb.add_option("ID", arguments.id)->required();
                          verb.add_flag("--yes", arguments.yes, "Agree to what was shown");
                        });
  }

  void add_authorities(CLI::App* above) {
    auto* parent = above->add_subcommand("authority", "Authorities signed or brought from outside");
    parent->require_subcommand(1);
    full<AuthorityExport>(parent, "export-csr", "A request for an authority outside to sign",
                          authority_export, [](CLI::App& verb, AuthorityExport& arguments) {
                            add_target(verb, arguments.organization, nullptr);
                            verb.add_option("--file", arguments.file,
                                            "Where to; otherwise standard output");
                          });
    plain(parent, "pending", "Requests that wait for their certificate", authority_pending);
    full<AuthorityExport>(parent, "abandon", "Drop the request and its key", authority_abandon,
                          [](CLI::App& verb, AuthorityExport& arguments) {
                            add_target(verb, arguments.organization, nullptr);
                          });
    const auto import = [](CLI::App& verb, AuthorityImport& arguments) {
      add_target(verb, arguments.organization, nullptr);
      verb.add_option("CHAIN.pem", arguments.chain_file,
                      "The authority's certificate and everything above it")
          ->required();
      verb.add_flag("--wait", arguments.wait, "Follow the rollover to its end");
    };
    full<AuthorityImport>(parent, "import-chain", "Bring the signed certificate of the request",
                          authority_import, import);
    full<AuthorityImport>(
        parent, "import", "Bring an authority of your own with its key", authority_import,
        [import](CLI::App& verb, AuthorityImport& arguments) {
          import(verb, arguments);
          verb.add_option("--key", arguments.key_file, "Its private key")->required();
        });
  }
};

}  // namespace

void add_certificate_commands(CLI::App& app, Invocation& invocation) {
  CertificateCommands(app, invocation).add();
}

}  // namespace ferry::cli
