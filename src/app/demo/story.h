#pragma once

#include "app/demo/bank.h"
#include "app/demo/coordinator_client.h"
#include "app/demo/money_check.h"
#include "app/demo/narrator.h"

#include <string>
#include <vector>

namespace dtmd::app {

/// The demo's transfers. Alice has her account at the north bank; Bob and Carol have theirs at the south bank. Taken
/// together the transfers leave every account as it was, so the demo can be run again on the same files.
///
/// Each chapter runs one transaction to its end, shows it, and counts the money. An error means that the chapter
/// could not be told to its end; what ended wrong is kept for problems().
class Story {
public:
    Story(CoordinatorClient& coordinator, Narrator& narrator, Bank& north, Bank& south);

    /// Reads the balances from which all others follow. Call first.
    Result<void> begin();

    Result<void> saga();
    Result<void> tcc();
    Result<void> message();
    Result<void> refusal();  ///< A saga that runs out of funds on its second step, and is undone.
    Result<void> outage();   ///< A saga during which the south bank is down for two seconds.

    /// Everything that ended otherwise than it should; empty: all is well.
    const std::vector<std::string>& problems() const { return problems_; }

private:
    struct Transfer {
        std::string from, to;
        std::int64_t amount;
    };
    struct TccBranch {
        Bank& bank;
        std::string branch_id, direction, order;  ///< Direction: out, in. Order: the JSON for the bank.
    };

    Result<std::string> open_chapter(std::string_view title, std::string_view plot);
    Result<void> submit(const nlohmann::json& transaction);
    Result<void> try_branch(const std::string& gid, const TccBranch& branch);
    Result<void> close_chapter(const std::string& gid, const std::string& expected, const std::vector<Transfer>& moved);
    Result<std::vector<Account>> all_accounts();
    Result<void> show_balances(std::string_view when);
    void show_timeline(const Progress& progress);

    CoordinatorClient& coordinator_;
    Narrator& narrator_;
    Bank& north_;
    Bank& south_;
    Ledger ledger_;
    std::vector<std::string> problems_;
};

}  // namespace dtmd::app
