#pragma once

#include "app/demo/accounts.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dtmd::app {

/// What each account should hold: what it began with and what has moved since.
class Ledger {
public:
    explicit Ledger(const std::vector<Account>& opening = {});

    void move(const std::string& from, const std::string& to, std::int64_t amount);

    /// What is wrong with `actual`, one sentence each; empty if not a cent appeared, vanished or stayed reserved.
    std::vector<std::string> differences(const std::vector<Account>& actual) const;

private:
    std::map<std::string, Account> expected_;
};

}  // namespace dtmd::app
