#include "txn/transaction.h"

#include <array>

namespace dtmd::txn {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 5> mode_names{"saga", "tcc", "xa", "msg", "workflow"};
constexpr std::array<std::string_view, 5> status_names{"prepared", "submitted", "aborting", "succeed", "failed"};
constexpr std::array<std::string_view, 3> branch_status_names{"prepared", "succeed", "failed"};

template <class Enum, std::size_t n>
bool find(const std::array<std::string_view, n>& names, std::string_view text, Enum& out) {
    for (std::size_t i = 0; i < n; ++i) {
        if (names[i] == text) {
            out = static_cast<Enum>(i);
            return true;
        }
    }
    return false;
}

}  // namespace

std::string_view name(Mode mode) { return mode_names.at(static_cast<std::size_t>(mode)); }
std::string_view name(Status status) { return status_names.at(static_cast<std::size_t>(status)); }
std::string_view name(BranchStatus status) { return branch_status_names.at(static_cast<std::size_t>(status)); }

bool parse(std::string_view text, Mode& out) { return find(mode_names, text, out); }
bool parse(std::string_view text, Status& out) { return find(status_names, text, out); }
bool parse(std::string_view text, BranchStatus& out) { return find(branch_status_names, text, out); }

std::string_view Step::get(std::string_view key) const {
    for (const auto& [name, value] : members) {
        if (name == key) return value;
    }
    return {};
}

}  // namespace dtmd::txn
