// SPDX-License-Identifier: Apache-2.0
#include "store/rollouts.hpp"

#include "base/json.hpp"
#include "fleet/plan.hpp"
#include "store/rows.hpp"

namespace ferry::store {
namespace {

template <class Strings>
std::string write_texts(const Strings& strings) {
  return json::serialize(json::array(strings.begin(), strings.end()));
}

Result<std::vector<std::string>> read_texts(const std::string& text) {
  auto value = parse_json(text);
  if (!value) return fail(std::move(value).error());
  std::vector<std::string> strings;
  if (!value->is_array()) return fail(Code::internal, "a stored rollout is damaged");
  for (const auto& item : value->as_array()) {
    if (!item.is_string()) return fail(Code::internal, "a stored rollout is damaged");
    strings.emplace_back(item.as_string());
  }
  return strings;
}

std::string select_rollouts(std::string_view rest) {
  return fmt::format(
      "SELECT id, workspace, plan, change, policy, actor, state, wave, since, goes_on_as, "
      "ordered_back, out_groups, reason, wave_names, recorded, trouble, started_at, finished_at "
      "FROM rollouts {}",
      rest);
}

Result<fleet::RolloutStatus> read_status(const sqlite::Row& row) {
  fleet::RolloutStatus status;
  auto state = fleet::parse_rollout_state(row.text(6));
  if (!state) return fail(std::move(state).error());
  status.state = *state;
  status.wave = static_cast<std::size_t>(row.number(7));
  status.since = to_time(row, 8);
  auto goes_on_as = fleet::parse_rollout_state(row.text(9));
  if (!goes_on_as) return fail(std::move(goes_on_as).error());
  status.goes_on_as = *goes_on_as;
  status.ordered_back = row.number(10) != 0;
  auto out = read_texts(row.text(11));
  if (!out) return fail(std::move(out).error());
  status.out = {out->begin(), out->end()};
  status.reason = row.text(12);
  return status;
}

Result<RolloutRecord> read_rollout_row(const sqlite::Row& row) {
  RolloutRecord rollout;
  rollout.id = row.text(0);
  rollout.workspace = fleet::WorkspaceId(row.text(1));
  rollout.plan = row.text(2);
  auto change = parse_json_object(row.text(3));
  if (!change) return fail(std::move(change).error());
  auto edits = fleet::change_from_json(*change);
  if (!edits) return fail(std::move(edits).error());
  rollout.change = *std::move(edits);
  auto policy = parse_json_object(row.text(4));
  if (!policy) return fail(std::move(policy).error());
  auto rules = fleet::policy_from_json(*policy);
  if (!rules) return fail(std::move(rules).error());
  rollout.policy = *std::move(rules);
  rollout.actor = row.text(5);
  auto status = read_status(row);
  if (!status) return fail(std::move(status).error());
  rollout.status = *std::move(status);
  auto waves = read_texts(row.text(13));
  if (!waves) return fail(std::move(waves).error());
  rollout.waves = *std::move(waves);
  rollout.recorded = row.number(14) != 0;
  rollout.trouble = row.text(15);
  rollout.started_at = to_time(row, 16);
  rollout.finished_at = to_optional_time(row, 17);
  return rollout;
}

Result<RolloutNodeRecord> read_rollout_node(const sqlite::Row& row) {
  RolloutNodeRecord node;
  node.node = fleet::NodeId(row.text(0));
  node.group = fleet::NodeGroupId(row.text(1));
  node.name = row.text(2);
  node.device = row.text(3);
  node.ring = row.number(4);
  node.wave = static_cast<std::size_t>(row.number(5));
  auto bad = read_texts(row.text(6));
  if (!bad) return fail(std::move(bad).error());
  node.bad_before = {bad->begin(), bad->end()};
  auto verdict = fleet::parse_node_verdict(row.text(7));
  if (!verdict) return fail(std::move(verdict).error());
  node.finding = {*verdict, row.text(8)};
  node.since = to_time(row, 9);
  node.forgiven = row.number(10) != 0;
  return node;
}

}  // namespace

Result<void> Rollouts::insert(const RolloutRecord& rollout,
                              const std::vector<RolloutGroup>& groups) {
  const auto& status = rollout.status;
  auto inserted = database_.execute(
      "INSERT INTO rollouts(id, workspace, plan, change, policy, actor, state, wave, since, "
      "goes_on_as, ordered_back, out_groups, reason, wave_names, recorded, trouble, started_at, "
      "finished_at) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {rollout.id, rollout.workspace.str(), rollout.plan,
       json::serialize(fleet::to_json(rollout.change)),
       json::serialize(fleet::to_json(rollout.policy)), rollout.actor, to_string(status.state),
       static_cast<std::int64_t>(status.wave), to_column(status.since),
       to_string(status.goes_on_as), status.ordered_back, write_texts(status.out), status.reason,
       write_texts(rollout.waves), rollout.recorded, rollout.trouble, to_column(rollout.started_at),
       to_column(rollout.finished_at)});
  if (!inserted) return inserted;
  for (const auto& group : groups) {
    auto added = database_.execute(
        "INSERT INTO rollout_groups(rollout, node_group, composition, previous, reached) "
        "VALUES(?, ?, ?, ?, ?)",
        {rollout.id, group.group.str(), group.composition, group.previous, group.reached});
    if (!added) return added;
  }
  return {};
}

Result<void> Rollouts::update(const RolloutRecord& rollout) {
  const auto& status = rollout.status;
  return database_.execute(
      "UPDATE rollouts SET state = ?, wave = ?, since = ?, goes_on_as = ?, ordered_back = ?, "
      "out_groups = ?, reason = ?, wave_names = ?, recorded = ?, trouble = ?, finished_at = ? "
      "WHERE id = ?",
      {to_string(status.state), static_cast<std::int64_t>(status.wave), to_column(status.since),
       to_string(status.goes_on_as), status.ordered_back, write_texts(status.out), status.reason,
       write_texts(rollout.waves), rollout.recorded, rollout.trouble,
       to_column(rollout.finished_at), rollout.id});
}

Result<std::optional<RolloutRecord>> Rollouts::find(const fleet::WorkspaceId& workspace,
                                                    const std::string& id) const {
  return read_one<RolloutRecord>(
      database_.query_one(select_rollouts("WHERE workspace = ? AND id = ?"), {workspace.str(), id}),
      read_rollout_row);
}

Result<std::optional<RolloutRecord>> Rollouts::find(const std::string& id) const {
  return read_one<RolloutRecord>(database_.query_one(select_rollouts("WHERE id = ?"), {id}),
                                 read_rollout_row);
}

Result<std::vector<RolloutRecord>> Rollouts::list(const fleet::WorkspaceId& workspace,
                                                  int limit) const {
  return read_all<RolloutRecord>(
      database_.query(select_rollouts("WHERE workspace = ? ORDER BY finished_at IS NOT NULL, "
                                      "number DESC LIMIT ?"),
                      {workspace.str(), limit}),
      read_rollout_row);
}

Result<std::vector<RolloutRecord>> Rollouts::unfinished() const {
  return read_all<RolloutRecord>(
      database_.query(select_rollouts("WHERE finished_at IS NULL ORDER BY number"), {}),
      read_rollout_row);
}

Result<std::vector<RolloutRecord>> Rollouts::unfinished(const fleet::WorkspaceId& workspace) const {
  return read_all<RolloutRecord>(
      database_.query(
          select_rollouts("WHERE workspace = ? AND finished_at IS NULL ORDER BY number"),
          {workspace.str()}),
      read_rollout_row);
}

Result<std::optional<std::string>> Rollouts::running_for(const fleet::NodeGroupId& group) const {
  return read_one<std::string>(
      database_.query_one("SELECT id FROM rollouts JOIN rollout_groups ON rollout = id "
                          "WHERE node_group = ? AND finished_at IS NULL",
                          {group.str()}),
      [](const sqlite::Row& row) -> Result<std::string> { return row.text(0); });
}

Result<std::vector<RolloutGroup>> Rollouts::groups(const std::string& rollout) const {
  return read_all<RolloutGroup>(
      database_.query("SELECT node_group, name, composition, previous, reached "
                      "FROM rollout_groups JOIN node_groups ON node_groups.id = node_group "
                      "WHERE rollout = ? ORDER BY name",
                      {rollout}),
      [](const sqlite::Row& row) -> Result<RolloutGroup> {
        return RolloutGroup{fleet::NodeGroupId(row.text(0)), row.text(1), row.number(2),
                            row.number(3), row.number(4)};
      });
}

Result<void> Rollouts::set_reached(const std::string& rollout, const RolloutGroup& group) {
  return database_.execute(
      "UPDATE rollout_groups SET reached = ? WHERE rollout = ? AND node_group = ?",
      {group.reached, rollout, group.group.str()});
}

Result<void> Rollouts::insert_node(const std::string& rollout, const RolloutNodeRecord& node) {
  return database_.execute(
      "INSERT INTO rollout_nodes(rollout, node, node_group, device, ring, wave, bad_before, "
      "verdict, reason, since, forgiven) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {rollout, node.node.str(), node.group.str(), node.device, node.ring,
       static_cast<std::int64_t>(node.wave), write_texts(node.bad_before),
       to_string(node.finding.verdict), node.finding.reason, to_column(node.since), node.forgiven});
}

Result<void> Rollouts::remove_nodes(const std::string& rollout) {
  return database_.execute("DELETE FROM rollout_nodes WHERE rollout = ?", {rollout});
}

Result<std::vector<RolloutNodeRecord>> Rollouts::nodes(const std::string& rollout) const {
  return read_all<RolloutNodeRecord>(
      database_.query(
          "SELECT node, rollout_nodes.node_group, name, device, ring, wave, "
          "bad_before, verdict, reason, since, forgiven "
          "FROM rollout_nodes JOIN nodes ON nodes.id = node WHERE rollout = ? ORDER BY wave, name",
          {rollout}),
      read_rollout_node);
}

Result<void> Rollouts::forget_node(const fleet::NodeId& node) {
  return database_.execute("DELETE FROM rollout_nodes WHERE node = ?", {node.str()});
}

Result<void> Rollouts::set_finding(const std::string& rollout, const RolloutNodeRecord& node) {
  return database_.execute(
      "UPDATE rollout_nodes SET verdict = ?, reason = ?, since = ?, forgiven = ? "
      "WHERE rollout = ? AND node = ?",
      {to_string(node.finding.verdict), node.finding.reason, to_column(node.since), node.forgiven,
       rollout, node.node.str()});
}

Result<void> Rollouts::note(const std::string& rollout, Timestamp at, std::string_view what) {
  return database_.execute("INSERT INTO rollout_events(rollout, at, what) VALUES(?, ?, ?)",
                           {rollout, to_column(at), what});
}

Result<std::vector<RolloutEvent>> Rollouts::events(const std::string& rollout) const {
  return read_all<RolloutEvent>(
      database_.query("SELECT at, what FROM rollout_events WHERE rollout = ? ORDER BY number",
                      {rollout}),
      [](const sqlite::Row& row) -> Result<RolloutEvent> {
        return RolloutEvent{to_time(row, 0), row.text(1)};
      });
}

}  // namespace ferry::store
