// SPDX-License-Identifier: Apache-2.0
#include "cli/arguments.hpp"

#include "cli/command_line.hpp"

namespace ferry::cli {
namespace {

// One noun's verbs are added by one function.
class Builder : private CommandLine {
 public:
  using CommandLine::CommandLine;

  void add_everything() {
    add_up();
    add_workspaces();
    add_cloud_accounts();
    add_groups();
    add_components();
    add_nodes();
    add_enrollments();
    add_policies();
    add_deployments();
    add_configuration_commands(app_, invocation_);
    add_certificate_commands(app_, invocation_);
    add_plans();
    add_rollout_commands(app_, invocation_);
    add_overviews();
    app_.add_subcommand("version", "Say which version this is")->callback([this] {
      invocation_.version = true;
    });
  }

 private:
  void add_up() {
    auto options = std::make_shared<UpOptions>();
    auto* verb =
        app_.add_subcommand("up", "Run Ferry on this machine, with the local cloud Drydock");
    verb->add_option("--data", options->data, "Directory for all data [~/.local/share/ferry]");
    verb->add_option("--address", options->address, "Address that ferryd listens on")
        ->capture_default_str();
    verb->add_option("--port", options->port, "Port that ferryd listens on")->capture_default_str();
    verb->add_option("--host-name", options->host_names,
                     "Another name by which ferryd is reached, for its certificate")
        ->allow_extra_args(false);
    auto* none = verb->add_flag("!--no-drydock", options->drydock, "For a real cloud: no Drydock");
    verb->add_option("--drydock-address", options->drydock_address,
                     "Address that Drydock listens on, such as 127.0.83.1")
        ->excludes(none);
    verb->add_option("--drydock-https-port", options->drydock_https_port,
                     "Port for Drydock's HTTPS when 443 is taken")
        ->excludes(none);
    verb->add_option("--drydock-mqtt-port", options->drydock_mqtt_port,
                     "Port for Drydock's MQTT when 8883 is taken")
        ->excludes(none);
    verb->callback([this, options] { invocation_.up = *options; });
  }

  void add_workspaces() {
    auto* parent = noun("workspace", "Projects and their cloud resources");
    full<WorkspaceCreate>(
        parent, "create", "Provision a workspace in the cloud", workspace_create,
        [](CLI::App& verb, WorkspaceCreate& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_option("--location", arguments.location, "Region, such as westeurope")
              ->required();
          verb.add_option("--cloud-account", arguments.cloud_account,
                          "Where; needed only when there are several");
          verb.add_option("--sku", arguments.sku,
                          "Of the IoT Hub: S1, S2, S3, or F1 to try it out [S1]");
          verb.add_option("--units", arguments.units, "Of the IoT Hub [1]")
              ->check(CLI::Range(1, 200));
          auto* hubs = verb.add_flag("--event-hubs", arguments.event_hubs,
                                     "With an event hub that all messages are routed to");
          verb.add_option("--partitions", arguments.partitions, "Of the event hub [4]")
              ->needs(hubs)
              ->check(CLI::Range(1, 32));
          verb.add_option("--retention-hours", arguments.retention_hours, "Of the event hub [24]")
              ->needs(hubs)
              ->check(CLI::Range(1, 168));
          verb.add_flag("--identity-based", arguments.identity_based,
                        "The hub reaches the event hub by its identity, not a key")
              ->needs(hubs);
          verb.add_option("--adopt-hub", arguments.adopt_hub,
                          "Azure id of an IoT Hub to use instead of a new one");
          verb.add_option("--adopt-dps", arguments.adopt_dps,
                          "Azure id of a Device Provisioning Service to use");
          verb.add_option("--adopt-storage", arguments.adopt_storage,
                          "Azure id of a storage account to use");
          verb.add_option("--adopt-registry", arguments.adopt_registry,
                          "Azure id of a container registry to use");
          verb.add_flag("--plan", arguments.plan, "Only show what would be made and what is found");
        });
    plain(parent, "list", "List workspaces", workspace_list);
    named(parent, "show", "Show a workspace and its resources", workspace_show);
    full<WorkspaceDelete>(parent, "delete",
                          "Delete a workspace and the cloud resources that Ferry made for it",
                          workspace_delete, [](CLI::App& verb, WorkspaceDelete& arguments) {
                            verb.add_option("NAME", arguments.name)->required();
                            verb.add_flag("--yes,-y", arguments.yes, "Do not ask");
                          });
    named(parent, "retry", "Go on with a provisioning that failed", workspace_retry);
    add_access(parent, "workspace", "Shut all devices of a workspace out");
    named(parent, "verify", "Look whether the cloud is as Ferry left it; fails when it is not",
          workspace_verify);
    named(parent, "repair", "Mend what was deleted or changed in the cloud by hand",
          workspace_repair);
    named(parent, "export", "Print the cloud resources as a Bicep template", workspace_export);
  }

  static void declare_credential(CLI::App& verb, CredentialArguments& credential) {
    verb.add_option("--credential", credential.kind, "How Ferry signs in")
        ->check(CLI::IsMember({"client-secret", "client-certificate", "managed-identity",
                               "workload-identity", "device-code", "azure-cli"}))
        ->capture_default_str();
    verb.add_option("--client", credential.client_id,
                    "Application (client) id, or that of a user-assigned managed identity");
    verb.add_option("--secret-file", credential.secret_file,
                    "File with the client secret; - is standard input (default)");
    verb.add_option("--certificate-file", credential.certificate_file,
                    "PEM file with the application's certificate and its private key");
    verb.add_flag("--send-chain", credential.send_chain,
                  "Send the certificate's chain, for applications that trust subject and issuer");
    verb.add_option("--token-file", credential.token_file,
                    "File with the workload's token, when the platform does not say");
  }

  void add_cloud_accounts() {
    auto* parent = noun("cloud-account", "The organization's own subscriptions");
    full<CloudAccountCreate>(
        parent, "create", "Connect a subscription; secrets come from standard input or a file",
        cloud_account_create, [](CLI::App& verb, CloudAccountCreate& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          auto* environment = verb.add_option("--environment", arguments.environment,
                                              "AzureCloud, AzureUSGovernment or AzureChinaCloud")
                                  ->capture_default_str();
          verb.add_option("--resource-manager", arguments.resource_manager,
                          "Azure Resource Manager of another cloud")
              ->excludes(environment);
          verb.add_option("--ca-file", arguments.ca_file,
                          "Its CA, when the system does not know it");
          verb.add_option("--tenant", arguments.tenant_id, "Tenant id");
          verb.add_option("--subscription", arguments.subscription_id, "Subscription id")
              ->required();
          declare_credential(verb, arguments.credential);
        });
    full<CloudAccountUpdate>(parent, "update", "Give a cloud account another credential",
                             cloud_account_update,
                             [](CLI::App& verb, CloudAccountUpdate& arguments) {
                               verb.add_option("NAME", arguments.name)->required();
                               declare_credential(verb, arguments.credential);
                             });
    plain(parent, "list", "List cloud accounts", cloud_account_list);
    named(parent, "show", "Show a cloud account", cloud_account_show);
    named(parent, "delete", "Forget a cloud account", cloud_account_delete);
    named(parent, "locations", "List the subscription's regions", cloud_account_locations);
    named(parent, "throttles", "Show the cloud's rate limits and who waits for them",
          cloud_account_throttles);
    full<CloudAccountRole>(
        parent, "role", "Print the role that Ferry needs, for az role definition create",
        cloud_account_role, [](CLI::App& verb, CloudAccountRole& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_flag("!--no-event-hubs", arguments.event_hubs, "No workspaces with Event Hubs");
          verb.add_flag("!--no-identity-based", arguments.identity_based,
                        "No hubs that send with an identity instead of a key");
          verb.add_flag("!--no-register-providers", arguments.register_providers,
                        "Resource providers are registered by somebody else");
        });
    full<CloudAccountPreflight>(
        parent, "preflight", "Find out what would stop a workspace, without creating anything",
        cloud_account_preflight, [](CLI::App& verb, CloudAccountPreflight& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_option("--location", arguments.location, "Region, such as westeurope");
          verb.add_option("--sku", arguments.sku, "Tier of the IoT hub")->capture_default_str();
          verb.add_option("--units", arguments.units, "Units of the IoT hub")
              ->capture_default_str();
          verb.add_flag("--event-hubs", arguments.event_hubs, "With an Event Hubs namespace");
          verb.add_flag("--identity-based", arguments.identity_based,
                        "The hub sends with its identity");
          verb.add_flag("--register-providers", arguments.register_providers,
                        "Agree to register resource providers that are not");
        });
  }

  void add_groups() {
    auto* parent = noun("group", "Node groups: devices that run the same software");
    named(parent, "create", "Create a node group", group_create);
    plain(parent, "list", "List node groups", group_list);
    named(parent, "show", "Show a node group and what it runs", group_show);
    named(parent, "delete", "Delete an empty node group", group_delete);
    full<GroupRestore>(parent, "restore", "Let a group run again what it ran before", group_restore,
                       [](CLI::App& verb, GroupRestore& arguments) {
                         verb.add_option("NAME", arguments.name)->required();
                         verb.add_option("COMPOSITION", arguments.composition,
                                         "Its number, as ferry group show lists it")
                             ->required();
                         add_intent(verb, arguments);
                       });
    add_access(parent, "group", "Shut a whole group out");
  }

  void add_components() {
    auto* parent = noun("component", "Your own applications");
    named(parent, "publish", "Publish the version in a directory with component.json",
          component_publish, "DIR");
    plain(parent, "list", "List components", component_list);
    named(parent, "show", "Show a component's versions", component_show);
    auto* images = noun("image", "Base images in the workspace's registry");
    full<ImageImport>(images, "import", "Make a base image of a root file system", image_import,
                      [](CLI::App& verb, ImageImport& arguments) {
                        verb.add_option("ROOTFS.tar", arguments.root_file_system,
                                        "An uncompressed tar")
                            ->required();
                        verb.add_option("REPOSITORY:TAG", arguments.reference)->required();
                        arguments.platform = "linux/amd64";
                        verb.add_option("--platform", arguments.platform)->capture_default_str();
                      });
  }

  void add_nodes() {
    auto* parent = noun("node", "Devices");
    add_node_create(parent);
    full<NodeList>(
        parent, "list", "List nodes", node_list, [](CLI::App& verb, NodeList& arguments) {
          verb.add_option("--search", arguments.search, "Part of the name");
          verb.add_option("--group,-g", arguments.group, "Of this node group");
          verb.add_option("--health", arguments.health, "How they are")
              ->check(CLI::IsMember(
                  {"online", "changing", "failing", "refused", "offline", "not-registered"}));
        });
    named(parent, "show", "Show a node", node_show);
    named(parent, "delete", "Delete a node and its identity in the cloud", node_delete);
    add_node_registration(parent);
    full<NodeBundle>(parent, "bundle",
                     "Write a file that lets a device register by itself: a new token, where Ferry "
                     "is, and what to trust",
                     node_bundle, [](CLI::App& verb, NodeBundle& arguments) {
                       verb.add_option("NAME", arguments.name)->required();
                       verb.add_option("--out", arguments.out,
                                       "The file; it is as secret as a token")
                           ->required();
                     });
    full<NodeCertificate>(
        parent, "certificate",
        "Get the certificate for a device without network, from the request it wrote",
        node_certificate, [](CLI::App& verb, NodeCertificate& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_option("--request", arguments.request,
                          "What 'ferry-agent register --request-out' wrote")
              ->required();
          verb.add_option("--out", arguments.out, "The file to bring back to the device")
              ->required();
        });
    full<Status>(&app_, "status", "What the nodes run, as they report it", status,
                 [](CLI::App& verb, Status& arguments) {
                   verb.add_option("NODE", arguments.node);
                   verb.add_flag("--watch", arguments.watch, "Keep showing it");
                 });
    full<Logs>(&app_, "logs", "A component's output on a node", node_logs,
               [](CLI::App& verb, Logs& arguments) {
                 verb.add_option("NODE", arguments.node)->required();
                 verb.add_option("COMPONENT", arguments.component)->required();
                 verb.add_option("--tail", arguments.tail, "How many of the last lines")
                     ->check(CLI::Range(1, 5000))
                     ->capture_default_str();
                 verb.add_flag("--follow,-f", arguments.follow, "Keep showing new lines");
               });
  }

  // One node, or with --from many.
  void add_node_create(CLI::App* parent) {
    struct Arguments {
      NodeCreate one;
      NodeBatch many;
    };
    auto arguments = std::make_shared<Arguments>();
    auto* verb = parent->add_subcommand(
        "create", "Create a node and its one-time token, or many from a CSV file");
    auto* name = verb->add_option("NAME", arguments->one.name);
    auto* from = verb->add_option("--from", arguments->many.from,
                                  "CSV file of nodes: name and group; goes on where it stopped");
    verb->add_option("--tokens-out", arguments->many.tokens_out,
                     "CSV file for their tokens (mode 0600)")
        ->needs(from);
    from->excludes(name);
    verb->add_option("--group,-g", arguments->one.group, "Its node group");
    verb->add_option("--token-hours", arguments->one.token_hours,
                     "How long the token is good [as the policy has it]")
        ->check(CLI::Range(1, 24 * 90));
    verb->callback([this, arguments, from] {
      const bool many = from->count() > 0;
      if (many && arguments->many.tokens_out.empty()) throw CLI::RequiredError("--tokens-out");
      if (!many && arguments->one.name.empty()) throw CLI::RequiredError("NAME");
      if (!many && arguments->one.group.empty()) throw CLI::RequiredError("--group");
      arguments->many.group = arguments->one.group;
      arguments->many.token_hours = arguments->one.token_hours;
      invocation_.command = [arguments, many](Context& context) {
        return many ? node_create_many(context, arguments->many)
                    : node_create(context, arguments->one);
      };
    });
  }

  void token_hours(CLI::App& verb, int& hours) {
    verb.add_option("--hours", hours, "How long it is good [as the policy has it]")
        ->check(CLI::Range(1, 24 * 90));
  }

  void add_node_registration(CLI::App* parent) {
    auto* tokens = parent->add_subcommand("token", "One-time tokens of nodes");
    tokens->require_subcommand(1);
    const auto declare = [this](CLI::App& verb, TokenCreate& arguments) {
      verb.add_option("NODE", arguments.node)->required();
      token_hours(verb, arguments.hours);
    };
    full<TokenCreate>(tokens, "create", "Make a new one-time token; the old one is void",
                      token_create, declare);
    plain(tokens, "list", "List open tokens", token_list);
    named(tokens, "revoke", "Make a node's open token void", token_revoke, "NODE");
    full<TokenCreate>(parent, "replace",
                      "Make a token for new hardware in the place of what is registered",
                      node_replace, declare);
    add_access(parent, "node", "Shut a node out, at the provisioning service, the hub and Ferry");
    full<Move>(parent, "move", "Move a node to another group", node_move,
               [](CLI::App& verb, Move& arguments) {
                 verb.add_option("NODE", arguments.node)->required();
                 verb.add_option("--group,-g", arguments.group, "The new group")->required();
                 verb.add_flag("--plan", arguments.plan_only, "Only show what would change");
                 verb.add_option("--plan-id", arguments.plan_id,
                                 "Exactly the plan that --plan showed, or nothing");
                 verb.add_flag("--allow-removals", arguments.allow_removals,
                               "Agree to components being taken off the node");
               });
    named(parent, "deregister", "Take a node out of the cloud; it stays in Ferry", node_deregister,
          "NODE");
    auto history = std::make_shared<std::string>();
    auto* verb = parent->add_subcommand("history", "What happened to a node, or to all");
    verb->add_option("NODE", *history);
    run(verb, [history](Context& context) { return node_history(context, *history); });
  }

  // revoke and reinstate of one noun.
  void add_access(CLI::App* parent, const std::string& noun, const std::string& text) {
    full<Revoke>(parent, "revoke", text, revoke, [noun](CLI::App& verb, Revoke& arguments) {
      arguments.noun = noun;
      verb.add_option("NAME", arguments.name)->required();
      verb.add_option("--reason", arguments.reason, "Why; kept with the trail");
      verb.add_flag("--yes", arguments.yes, "Do it; without, only show what it would shut out");
    });
    full<Revoke>(parent, "reinstate", "Let it in again", reinstate,
                 [noun](CLI::App& verb, Revoke& arguments) {
                   arguments.noun = noun;
                   verb.add_option("NAME", arguments.name)->required();
                 });
  }

  void add_enrollments() {
    auto* parent =
        noun("enrollment", "Tokens by which many devices of a group register themselves");
    full<EnrollmentCreate>(
        parent, "create", "Create an enrollment and its token", enrollment_create,
        [](CLI::App& verb, EnrollmentCreate& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_option("--group,-g", arguments.group, "The nodes' group")->required();
          verb.add_option("--quota", arguments.quota, "How many nodes it may make")->required();
          verb.add_option("--pattern", arguments.pattern,
                          "Of node names: press-*, press-{number}, press-{hardware}")
              ->capture_default_str();
          verb.add_option("--days", arguments.days, "How long its token is good")
              ->capture_default_str();
          verb.add_flag("--automatic", arguments.automatic,
                        "Let devices in without a person's approval");
        });
    plain(parent, "list", "List enrollments", enrollment_list);
    named(parent, "show", "Show an enrollment", enrollment_show);
    named(parent, "revoke", "Make an enrollment's token void; its nodes stay", enrollment_revoke);
    auto state = std::make_shared<std::string>("pending");
    auto* requests = parent->add_subcommand("requests", "Devices that wait for a decision");
    requests->add_option("--state", *state)
        ->check(CLI::IsMember({"pending", "approved", "rejected"}))
        ->capture_default_str();
    run(requests, [state](Context& context) { return enrollment_requests(context, *state); });
    for (const bool approve : {true, false}) {
      full<Decision>(parent, approve ? "approve" : "reject",
                     approve ? "Let a device in, or back in" : "Turn a device away",
                     enrollment_decide, [approve](CLI::App& verb, Decision& arguments) {
                       arguments.approve = approve;
                       verb.add_option("ID", arguments.id)->required();
                       verb.add_option("--note", arguments.note, "Why; the device is told");
                     });
    }
  }

  void add_policies() {
    auto* parent = noun("policy", "How devices may register and come back");
    auto group = std::make_shared<std::string>();
    auto* show = parent->add_subcommand("show", "Show the policy");
    show->add_option("--group,-g", *group, "Of a group; else of the workspace");
    run(show, [group](Context& context) { return policy_show(context, *group); });
    full<PolicySet>(
        parent, "set", "Change the policy", policy_set, [](CLI::App& verb, PolicySet& arguments) {
          verb.add_option("--group,-g", arguments.group, "Of a group; else of the workspace");
          verb.add_option("--server-keys", arguments.server_keys,
                          "Whether Ferry makes keys for old installers")
              ->check(CLI::IsMember({"allow", "forbid", "inherit"}));
          verb.add_option("--edge-ca", arguments.edge_ca,
                          "Whether devices get an edge CA, for Microsoft's runtime")
              ->check(CLI::IsMember({"allow", "forbid", "inherit"}));
          verb.add_option("--grace-days", arguments.grace_days,
                          "How long an expired certificate renews itself");
          verb.add_option("--late", arguments.late, "What comes after that")
              ->check(CLI::IsMember({"approve", "refuse", "inherit"}));
          verb.add_option("--token-hours", arguments.token_hours,
                          "How long one-time tokens are good");
        });
    plain(noun("revocation", "What is shut out"), "list", "List revocations", revocation_list);
  }

  void add_deployments() {
    full<Deploy>(
        &app_, "deploy", "Say which components a deployment brings to which groups", deploy,
        [](CLI::App& verb, Deploy& arguments) {
          verb.add_option("COMPONENT[@VERSION]", arguments.components,
                          "Without a version: the newest published one")
              ->required();
          auto* targets = verb.add_option_group("targets", "At least one");
          targets->add_option("--group,-g", arguments.groups, "Target node group; repeatable")
              ->allow_extra_args(false);
          targets->add_option("--selector,-l", arguments.selector,
                              "Target groups by their labels: site=lyon,tier!=test");
          targets->require_option(1, 0);
          verb.add_option("--set", arguments.settings,
                          "COMPONENT.SETTING=VALUE of this deployment; repeatable. Without "
                          "it what the deployment says of its components stays")
              ->allow_extra_args(false);
          verb.add_option("--name", arguments.name, "The deployment to edit")
              ->capture_default_str();
          add_intent(verb, arguments);
        });
    auto* parent = noun("deployment", "Deployments as they stand");
    plain(parent, "list", "List deployments", deployment_list);
    named(parent, "show", "Show a deployment", deployment_show);
    named(parent, "history", "Every revision of a deployment", deployment_history);
    full<DeploymentDiff>(parent, "diff", "What changed between two revisions", deployment_diff,
                         [](CLI::App& verb, DeploymentDiff& arguments) {
                           verb.add_option("NAME", arguments.name)->required();
                           verb.add_option("FROM", arguments.from, "[the one before TO]");
                           verb.add_option("TO", arguments.to, "[the newest]");
                         });
    full<DeploymentRollback>(
        parent, "rollback", "Bring a deployment back to an earlier revision", deployment_rollback,
        [](CLI::App& verb, DeploymentRollback& arguments) {
          verb.add_option("NAME", arguments.name)->required();
          verb.add_option("--to", arguments.revision, "Revision [the one before the present]");
          add_intent(verb, arguments);
        });
    full<DeploymentDelete>(parent, "delete", "Delete a deployment", deployment_delete,
                           [](CLI::App& verb, DeploymentDelete& arguments) {
                             verb.add_option("NAME", arguments.name)->required();
                             verb.add_flag("--allow-removals", arguments.allow_removals,
                                           "Agree to components being taken off nodes");
                           });
  }

  void add_plans() {
    full<Simulate>(&app_, "simulate",
                   "What plans would do one after another, on a copy of the fleet; nothing is kept",
                   simulate, [](CLI::App& verb, Simulate& arguments) {
                     verb.add_option("PLAN", arguments.plans, "Ids, in their order")->required();
                   });
    auto* parent = noun("plan", "What a change would do, before it is done");
    plain(parent, "list", "List plans", plan_list);
    named(parent, "show", "Show a plan", plan_show, "ID");
    full<PlanApply>(parent, "apply", "Apply exactly this plan, or refuse when the world has moved",
                    plan_apply, [](CLI::App& verb, PlanApply& arguments) {
                      verb.add_option("ID", arguments.id)->required();
                      verb.add_flag("--allow-removals", arguments.allow_removals,
                                    "Agree to components being taken off nodes");
                      add_rollout_options(verb, arguments.rollout);
                    });
    full<PlanResolve>(
        parent, "resolve", "Plan one of the ways out of a plan's conflicts", plan_resolve,
        [](CLI::App& verb, PlanResolve& arguments) {
          verb.add_option("ID", arguments.id)->required();
          verb.add_option("NUMBER", arguments.number, "As the plan numbers it")->required();
        });
  }

  // What every verb that plans and applies takes.
  template <class Arguments>
  static void add_intent(CLI::App& verb, Arguments& arguments) {
    verb.add_flag("--plan", arguments.plan_only, "Only show what would change");
    verb.add_flag("--allow-removals", arguments.allow_removals,
                  "Agree to components being taken off nodes");
    add_rollout_options(verb, arguments.rollout);
  }

  void add_overviews() {
    full<Console>(&app_, "console", "Say where the web console is, and open it", console,
                  [](CLI::App& verb, Console& arguments) {
                    verb.add_flag("!--no-open", arguments.open, "Only print the URL");
                  });
    auto* operations = noun("operation", "What the server is doing or has done");
    plain(operations, "list", "The newest operations", operation_list);
    named(operations, "show", "Show an operation, and follow it while it runs", operation_show,
          "ID");
    named(operations, "cancel", "Begin nothing more of an operation that runs", operation_cancel,
          "ID");
  }
};

std::string hint_for(const CLI::App& app) {
  const CLI::App* deepest = &app;
  std::string path = "ferry";
  while (!deepest->get_subcommands().empty()) {
    deepest = deepest->get_subcommands().front();
    path += " " + deepest->get_name();
  }
  return "'" + path + " --help' shows how";
}

}  // namespace

Result<Invocation> parse_arguments(std::vector<std::string> arguments) {
  Invocation invocation;
  CLI::App app("Ship software to a fleet of edge devices through your own cloud.", "ferry");
  app.fallthrough();  // --output and --workspace may stand behind the command
  app.require_subcommand(1);
  std::string output = "table";
  app.add_option("--output,-o", output, "json or table")
      ->check(CLI::IsMember({"json", "table"}))
      ->capture_default_str();
  app.add_option("--workspace,-w", invocation.workspace,
                 "Which workspace; needed only when there are several")
      ->envname("FERRY_WORKSPACE");
  Builder builder(app, invocation);  // the callbacks that parse() runs refer to it
  builder.add_everything();
  std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    const CLI::App* deepest = &app;
    while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
    invocation.help = deepest->help();
    return invocation;
  } catch (const CLI::ParseError& error) {
    return fail(Error{Code::invalid_argument, error.what(), hint_for(app)});
  }
  invocation.output = output == "json" ? OutputFormat::json : OutputFormat::table;
  return invocation;
}

}  // namespace ferry::cli
