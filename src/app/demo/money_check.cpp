#include "app/demo/money_check.h"

#include <set>

namespace dtmd::app {
namespace {

void compare(std::vector<std::string>& found, const std::string& what, std::int64_t actual, std::int64_t expected) {
    if (actual == expected) return;
    found.push_back(what + " is " + std::to_string(actual) + ", expected " + std::to_string(expected));
}

}  // namespace

Ledger::Ledger(const std::vector<Account>& opening) {
    for (const Account& account : opening) expected_.emplace(account.name, account);
}

void Ledger::move(const std::string& from, const std::string& to, std::int64_t amount) {
    expected_[from].balance -= amount;
    expected_[to].balance += amount;
}

std::vector<std::string> Ledger::differences(const std::vector<Account>& actual) const {
    std::vector<std::string> found;
    std::set<std::string> missing;
    std::int64_t expected_total = 0, actual_total = 0;
    for (const auto& [name, account] : expected_) {
        expected_total += account.balance;
        missing.insert(name);
    }
    for (const Account& account : actual) {
        actual_total += account.balance;
        missing.erase(account.name);
        const auto expected = expected_.find(account.name);
        const Account right = expected == expected_.end() ? Account{} : expected->second;
        compare(found, account.name + "'s balance", account.balance, right.balance);
        compare(found, "what " + account.name + " has reserved", account.frozen, right.frozen);
        compare(found, "what is announced to " + account.name, account.incoming, right.incoming);
    }
    for (const std::string& name : missing) found.push_back("the account of " + name + " is gone");
    compare(found, "the total of all accounts", actual_total, expected_total);
    return found;
}

}  // namespace dtmd::app
