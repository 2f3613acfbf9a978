#include "target.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

namespace dtmd::fuzz {
namespace {

constexpr Entry all_targets[] = {
    {"http_request", http_request}, {"transaction_json", transaction_json},
    {"grpc_message", grpc_message}, {"configuration", configuration},
    {"store_record", store_record}, {"foreign_record", foreign_record},
    {"branch_call", branch_call},   {"participant_answer", participant_answer},
};

constexpr std::size_t longest_message = 4096;

[[noreturn]] void give_up(std::string_view claim) {
    std::fprintf(stderr, "fuzz: this does not hold: %.*s\n", static_cast<int>(claim.size()), claim.data());
    std::abort();
}

}  // namespace

std::span<const Entry> targets() { return all_targets; }

Target find_target(std::string_view name) {
    const auto* const found = std::ranges::find(all_targets, name, &Entry::name);
    return found == std::end(all_targets) ? nullptr : found->run;
}

void check(bool holds, std::string_view claim) {
    if (!holds) give_up(claim);
}

void check_equal(std::string_view got, std::string_view expected, std::string_view claim) {
    if (got == expected) return;
    std::fprintf(stderr, "expected: %.*s\ngot:      %.*s\n", static_cast<int>(expected.size()), expected.data(),
                 static_cast<int>(got.size()), got.data());
    give_up(claim);
}

void check_json(std::string_view text, std::string_view claim) {
    if (nlohmann::json::accept(text)) return;
    std::fprintf(stderr, "%.*s\n", static_cast<int>(text.size()), text.data());
    give_up(claim);
}

void check_message(std::string_view text) {
    check(!text.empty(), "a message says something");
    check(text.size() <= longest_message, "a message is short enough to be read");
}

std::string_view take_line(std::string_view& input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(std::min(end + 1, input.size()));
    return line;
}

char take_letter(std::string_view& input) {
    if (input.empty()) return 0;
    const char letter = input.front();
    input.remove_prefix(1);
    return letter;
}

}  // namespace dtmd::fuzz
