#include "app/demo/accounts.h"

#include "temporary_folder.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

class AccountsTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = Database::open(folder_.file("a.db"));
        ASSERT_TRUE(opened) << opened.error().what;
        database_ = std::make_unique<Database>(std::move(*opened));
        ASSERT_TRUE(open_accounts(*database_, {{.name = "alice", .balance = 100}}));
    }

    Result<void> run(std::string_view path, std::int64_t amount, const std::string& account = "alice") {
        const Operation* operation = find_operation(path);
        if (!operation) return Error{Errc::not_found, "no operation"};
        return carry_out(*database_, *operation, account, amount);
    }
    Account alice() { return read_accounts(*database_)->front(); }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
};

TEST_F(AccountsTest, EveryOperationIsUndoneByItsCounterpart) {
    const Account before = alice();
    const std::vector<std::vector<std::string>> ways = {
        {"/out", "/out-undo"}, {"/in", "/in-undo"}, {"/out-try", "/out-cancel"}, {"/in-try", "/in-cancel"}};
    for (const auto& way : ways) {
        SCOPED_TRACE(way[0]);
        ASSERT_TRUE(run(way[0], 30));
        EXPECT_NE(alice(), before);
        ASSERT_TRUE(run(way[1], 30));
        EXPECT_EQ(alice(), before);
    }
}

TEST_F(AccountsTest, ConfirmMovesWhatWasReserved) {
    ASSERT_TRUE(run("/out-try", 30));
    EXPECT_EQ(alice(), (Account{"alice", 100, 30, 0}));
    ASSERT_TRUE(run("/out-confirm", 30));
    EXPECT_EQ(alice(), (Account{"alice", 70, 0, 0}));
    ASSERT_TRUE(run("/in-try", 5));
    ASSERT_TRUE(run("/in-confirm", 5));
    EXPECT_EQ(alice(), (Account{"alice", 75, 0, 0}));
}

TEST_F(AccountsTest, RefusesWhatIsNotThereOrReserved) {
    ASSERT_TRUE(run("/out-try", 80));
    for (const char* path : {"/out", "/out-try"}) {
        const auto answer = run(path, 21);
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Errc::conflict);
        EXPECT_EQ(answer.error().what, "insufficient funds: alice has 20, not 21");
    }
    const auto nobody = run("/in", 1, "nobody");
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().what, "there is no account 'nobody'");
    EXPECT_EQ(alice(), (Account{"alice", 100, 80, 0}));
}

TEST_F(AccountsTest, OpeningAgainChangesNothing) {
    ASSERT_TRUE(run("/out", 10));
    ASSERT_TRUE(open_accounts(*database_, {{.name = "alice", .balance = 100}}));
    EXPECT_EQ(alice().balance, 90);
}

TEST_F(AccountsTest, KnowsOnlyItsOwnPaths) {
    EXPECT_EQ(find_operation("/out-steal"), nullptr);
    EXPECT_EQ(find_operation(""), nullptr);
}

TEST(Database, NamesTheFileItCanNotOpen) {
    const auto opened = Database::open("/no/such/folder/x.db");
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().what.find("/no/such/folder/x.db"), std::string::npos);
}

}  // namespace
}  // namespace dtmd::app
