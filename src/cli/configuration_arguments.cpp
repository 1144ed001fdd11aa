// SPDX-License-Identifier: Apache-2.0
#include "cli/command_line.hpp"
#include "cli/configuration_commands.hpp"

namespace ferry::cli {
namespace {

class ConfigurationCommands : private CommandLine {
 public:
  using CommandLine::CommandLine;

  void add_settings() {
    auto* parent = noun("config", "How components are configured, layer by layer");
    for (const bool unset : {false, true}) {
      full<ConfigSet>(parent, unset ? "unset" : "set",
                      unset ? "Say nothing of settings any more"
                            : "Set settings of a component; a group's hide its deployments', those "
                              "the workspace's",
                      config_change, [unset](CLI::App& verb, ConfigSet& arguments) {
                        arguments.unset = unset;
                        verb.add_option("COMPONENT", arguments.component)->required();
                        verb.add_option(unset ? "SETTING" : "SETTING=VALUE", arguments.settings,
                                        unset ? "" : "JSON where it is some, else a text")
                            ->required();
                        add_layer(verb, arguments.layer);
                        add_intent(verb, arguments.intent);
                      });
    }
    full<ConfigList>(parent, "list", "What every layer says", config_list,
                     [](CLI::App& verb, ConfigList& arguments) {
                       verb.add_option("COMPONENT", arguments.component, "[all]");
                       add_layer(verb, arguments.layer);
                     });
    full<ConfigShow>(parent, "show", "What the settings come to on a group or a node, and why",
                     config_show, [](CLI::App& verb, ConfigShow& arguments) {
                       verb.add_option("COMPONENT", arguments.component, "[all]");
                       auto* group =
                           verb.add_option("--group,-g", arguments.group, "On this group");
                       verb.add_option("--node", arguments.node, "On this node")->excludes(group);
                       verb.add_flag("--effective,!--own", arguments.effective,
                                     "What it comes to (default), or what this layer says itself");
                     });
  }

  void add_labels() {
    auto* parent = noun("label", "Labels of node groups, which deployments may select by");
    for (const bool unset : {false, true}) {
      full<LabelSet>(
          parent, unset ? "unset" : "set",
          unset ? "Take labels away from a group" : "Label a group", label_change,
          [unset](CLI::App& verb, LabelSet& arguments) {
            arguments.unset = unset;
            verb.add_option("GROUP", arguments.group)->required();
            verb.add_option(unset ? "LABEL" : "LABEL=VALUE", arguments.labels)->required();
            add_intent(verb, arguments.intent);
          });
    }
    named(parent, "list", "The labels of a group", label_list, "GROUP");
  }

  void add_capabilities() {
    auto* parent =
        noun("capability", "What groups and nodes have that components may require, such as gpu");
    for (const bool remove : {false, true}) {
      full<CapabilitySet>(parent, remove ? "remove" : "add",
                          remove ? "A group or node has it no more" : "A group or node has it",
                          capability_change, [remove](CLI::App& verb, CapabilitySet& arguments) {
                            arguments.remove = remove;
                            verb.add_option("CAPABILITY", arguments.capabilities)->required();
                            add_place(verb, arguments.group, arguments.node);
                            add_intent(verb, arguments.intent);
                          });
    }
    full<CapabilityList>(parent, "list", "What a group or node has", capability_list,
                         [](CLI::App& verb, CapabilityList& arguments) {
                           add_place(verb, arguments.group, arguments.node);
                         });
  }

 private:
  static void add_layer(CLI::App& verb, LayerChoice& layer) {
    auto* group = verb.add_option("--group,-g", layer.group, "Of this group");
    auto* node = verb.add_option("--node", layer.node, "Of this node")->excludes(group);
    verb.add_option("--deployment", layer.deployment, "Of this deployment [of the workspace]")
        ->excludes(group)
        ->excludes(node);
  }
  static void add_place(CLI::App& verb, std::string& group, std::string& node) {
    auto* place = verb.add_option_group("place", "Whose");
    place->add_option("--group,-g", group, "Of all nodes of this group");
    place->add_option("--node", node, "Of this node alone");
    place->require_option(1);
  }
  static void add_intent(CLI::App& verb, PlanIntent& intent) {
    verb.add_flag("--plan", intent.plan_only, "Only show what would change");
    verb.add_flag("--allow-removals", intent.allow_removals,
                  "Agree to components being taken off nodes");
  }
};

}  // namespace

void add_configuration_commands(CLI::App& app, Invocation& invocation) {
  ConfigurationCommands commands(app, invocation);
  commands.add_settings();
  commands.add_labels();
  commands.add_capabilities();
}

}  // namespace ferry::cli
