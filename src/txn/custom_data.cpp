#include "txn/branches.h"
#include "txn/text.h"

#include <absl/strings/escaping.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

// protocol.md 4.2: what each mode finds in custom_data.
namespace dtmd::txn {
namespace {

using nlohmann::json;

// Whether some steps could never come to run: a depth-first search for a cycle, the implicit order of a sequential
// saga included.
bool has_cycle(const Transaction& saga, std::size_t steps) {
    enum class Mark : std::uint8_t { fresh, open, closed };
    std::vector<Mark> marks(steps, Mark::fresh);
    std::vector<std::pair<std::size_t, std::size_t>> path;  // (step, how many of its predecessors were looked at)
    const auto predecessor = [&](std::size_t step, std::size_t index) -> std::optional<std::size_t> {
        if (!saga.saga_concurrent && step > 0) {
            if (index == 0) return step - 1;
            --index;
        }
        if (step < saga.orders.size() && index < saga.orders[step].size()) return saga.orders[step][index];
        return std::nullopt;
    };
    for (std::size_t start = 0; start < steps; ++start) {
        if (marks[start] != Mark::fresh) continue;
        path.emplace_back(start, 0);
        marks[start] = Mark::open;
        while (!path.empty()) {
            const auto before = predecessor(path.back().first, path.back().second++);
            if (!before) {
                marks[path.back().first] = Mark::closed;
                path.pop_back();
            } else if (marks[*before] == Mark::open) {
                return true;
            } else if (marks[*before] == Mark::fresh) {
                marks[*before] = Mark::open;
                path.emplace_back(*before, 0);
            }
        }
    }
    return false;
}

constexpr std::size_t max_shown = 100;  // Bytes of a client's text that a complaint repeats.

// What stands where a step's number should. Lists and objects are not written out: that takes stack for each level of
// them, and a client may have sent a million.
std::string shown(const json& value) {
    if (value.is_structured()) return value.is_array() ? "a list" : "an object";
    return storable_text(value.dump(-1, ' ', false, json::error_handler_t::replace), max_shown);
}

Complaint bad_order(std::string_view what, std::size_t steps) {
    return "custom_data: orders: " + std::string(what) + " is not a step: steps are numbered 0 to " +
           std::to_string(steps == 0 ? 0 : steps - 1);
}

Complaint read_orders(const json& orders, Transaction& saga, std::size_t steps) {
    if (!orders.is_object()) return "custom_data: orders: expected an object of step number to list of step numbers";
    saga.orders.assign(steps, {});
    for (const auto& [key, befores] : orders.items()) {
        std::size_t step = 0;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), step);
        if (error != std::errc() || end != key.data() + key.size() || step >= steps)
            return bad_order("'" + storable_text(key, max_shown) + "'", steps);
        if (befores.is_null()) continue;
        if (!befores.is_array())
            return "custom_data: orders: '" + storable_text(key, max_shown) + "': expected a list of step numbers";
        for (const json& before : befores) {
            if (!before.is_number_integer() || before < 0 || before >= steps) return bad_order(shown(before), steps);
            saga.orders[step].push_back(before.get<std::uint32_t>());
        }
    }
    if (std::ranges::all_of(saga.orders, &std::vector<std::uint32_t>::empty)) saga.orders.clear();
    if (!saga.orders.empty() && has_cycle(saga, steps)) {
        return "custom_data: orders: the steps wait for each other in a circle, so none of them could ever run";
    }
    return {};
}

Complaint parse_saga(const json& data, Transaction& saga) {
    const auto concurrent = data.find("concurrent");
    saga.saga_concurrent = concurrent != data.end() && concurrent->is_boolean() && concurrent->get<bool>();
    const auto orders = data.find("orders");
    if (orders == data.end() || orders->is_null()) return {};
    Complaint complaint = read_orders(*orders, saga, std::max(saga.steps.size(), saga.branches.size() / 2));
    if (!complaint.empty()) {
        // A stored saga can't be refused any more; step by step is the only order that can't be wrong.
        saga.saga_concurrent = false;
        saga.orders.clear();
    }
    return complaint;
}

Complaint parse_message(const json& data, Transaction& message, Time submitted) {
    const auto delay = data.find("delay");
    if (delay == data.end() || delay->is_null()) return {};
    constexpr std::int64_t ten_years = 10LL * 366 * 24 * 3600;
    if (!delay->is_number_integer() || *delay < 0 || *delay > ten_years) {
        return "custom_data: delay: expected whole seconds from 0 to " + std::to_string(ten_years);
    }
    if (delay->get<std::int64_t>() > 0 && submitted != Time{} && message.not_before == Time{}) {
        message.not_before = submitted + std::chrono::seconds(delay->get<std::int64_t>());
    }
    return {};
}

Complaint parse_workflow(const json& data, Transaction& workflow) {
    const auto name = data.find("name");
    if (name != data.end() && name->is_string()) workflow.workflow_name = name->get<std::string>();
    const auto input = data.find("data");
    if (input == data.end() || input->is_null()) return {};
    if (!input->is_string() || !absl::Base64Unescape(input->get_ref<const std::string&>(), &workflow.workflow_data)) {
        return "custom_data: data: expected base64 text";
    }
    return {};
}

}  // namespace

Complaint parse_custom_data(Transaction& transaction) {
    if (transaction.custom_data.empty()) return {};
    if (transaction.mode == Mode::tcc || transaction.mode == Mode::xa) return {};  // Not ours to read.
    const json data = json::parse(transaction.custom_data, nullptr, /*allow_exceptions=*/false);
    if (data.is_null()) return {};
    if (!data.is_object()) return "custom_data: expected the text of a JSON object";
    switch (transaction.mode) {
        case Mode::saga: return parse_saga(data, transaction);
        case Mode::message:
            return parse_message(data, transaction,
                                 transaction.status == Status::submitted ? transaction.create_time : Time{});
        case Mode::workflow: return parse_workflow(data, transaction);
        case Mode::tcc:
        case Mode::xa: return {};
    }
    __builtin_unreachable();
}

}  // namespace dtmd::txn
