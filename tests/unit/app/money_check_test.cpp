#include "app/demo/money_check.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

const std::vector<Account> opening{{"alice", 100, 0, 0}, {"bob", 50, 0, 0}};

TEST(MoneyCheck, IsContentWhenTheMoneyMovedAsItShould) {
    Ledger ledger(opening);
    EXPECT_TRUE(ledger.differences(opening).empty());
    ledger.move("alice", "bob", 30);
    EXPECT_TRUE(ledger.differences({{"alice", 70, 0, 0}, {"bob", 80, 0, 0}}).empty());
}

TEST(MoneyCheck, NamesWhatDiffers) {
    const Ledger ledger(opening);
    using Texts = std::vector<std::string>;
    struct Row {
        const char* what;
        std::vector<Account> actual;
        Texts expected;
    };
    const Row rows[] = {
        {"moved without being booked",
         {{"alice", 90, 0, 0}, {"bob", 60, 0, 0}},
         {"alice's balance is 90, expected 100", "bob's balance is 60, expected 50"}},
        {"vanished",
         {{"alice", 90, 0, 0}, {"bob", 50, 0, 0}},
         {"alice's balance is 90, expected 100", "the total of all accounts is 140, expected 150"}},
        {"still reserved",
         {{"alice", 100, 10, 0}, {"bob", 50, 0, 10}},
         {"what alice has reserved is 10, expected 0", "what is announced to bob is 10, expected 0"}},
        {"account gone",
         {{"alice", 100, 0, 0}},
         {"the account of bob is gone", "the total of all accounts is 100, expected 150"}},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.what);
        EXPECT_EQ(ledger.differences(row.actual), row.expected);
    }
}

}  // namespace
}  // namespace dtmd::app
