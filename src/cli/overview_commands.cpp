// SPDX-License-Identifier: Apache-2.0
#include <ostream>

#include "cli/commands.hpp"
#include "cli/progress.hpp"

namespace ferry::cli {

Done operation_list(Context& context) {
  auto answer = co_await context.client.get(api_path({"operations"}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  Table table({"ID", "KIND", "TARGET", "STATUS", "AGE"});
  for (const auto& operation : items_of(*answer)) {
    table.add({{text_of(operation, "id")},
               {text_of(operation, "kind")},
               {text_of(operation, "target"), Tone::strong},
               state_cell(operation, "status"),
               {age(context.clock, operation, "createdAt")}});
  }
  print_table(context, table, "no operations yet");
  co_return Result<void>{};
}

Done operation_show(Context& context, std::string id) {
  auto answer = co_await context.client.get(api_path({"operations", id}));
  if (!answer) co_return fail(std::move(answer).error());
  if (context.output == OutputFormat::json) {
    print(context, *answer, {});
    co_return Result<void>{};
  }
  const auto* operation = answer->if_object();
  if (!operation) co_return fail(Code::internal, "the server's answer is not an operation");
  context.terminal.out << describe_members(*operation, {"id", "kind", "target", "status",
                                                        "createdAt", "finishedAt"})
                       << std::flush;
  auto finished = co_await follow_operation(context, *operation);
  if (!finished) co_return fail(std::move(finished).error());
  co_return Result<void>{};
}

Done operation_cancel(Context& context, std::string id) {
  auto answer =
      co_await context.client.post(api_path({"operations", id, "cancel"}), json::object{});
  if (!answer) co_return fail(std::move(answer).error());
  say(context, fmt::format("cancelling operation {}: what runs now runs to its end", id));
  auto ended = co_await follow_answer(context, *answer);
  if (!ended && (ended.error().code != Code::cancelled || interrupted())) co_return ended;
  const auto* object = answer->if_object();
  const auto* operation = object ? find_object(*object, "operation") : nullptr;
  const auto target = operation ? string_or(*operation, "target", "") : "";
  // It may have ended well in its last moment.
  const std::string status = ended ? "succeeded" : "cancelled";
  print(context, json::object{{"id", id}, {"target", target}, {"status", status}},
        [&](const json::value&) {
          return fmt::format("operation {} has {}\n", id,
                             ended ? "succeeded all the same" : "been cancelled");
        });
  co_return Result<void>{};
}

}  // namespace ferry::cli
