#include "app/demo/bank.h"

#include "app/demo/client.h"
#include "temporary_folder.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

class BankTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = Bank::open({.file = folder_.file("b.db"), .opening = {{.name = "bob", .balance = 100}}});
        ASSERT_TRUE(opened) << opened.error().what;
        bank_ = std::move(*opened);
    }

    Result<ClientAnswer> post(const std::string& target, const std::string& body) {
        return send_request(*parse_server(bank_->url("")), "POST", target, body, Millis(5'000));
    }
    std::int64_t balance() { return bank_->accounts()->front().balance; }

    TemporaryFolder folder_;
    std::unique_ptr<Bank> bank_;
};

constexpr const char* action = "?trans_type=saga&gid=g1&branch_id=01&op=action";

TEST_F(BankTest, MovesMoneyOncePerCall) {
    const std::string target = std::string("/out") + action;
    for (int i = 0; i < 2; ++i) {
        const auto answer = post(target, R"({"account":"bob","amount":30})");
        ASSERT_TRUE(answer) << answer.error().what;
        EXPECT_EQ(answer->status, 200u) << answer->body;
    }
    EXPECT_EQ(balance(), 70);
}

TEST_F(BankTest, AnswersByTheTable) {
    struct Row {
        std::string target, body;
        unsigned status;
        std::string says;
    };
    const Row rows[] = {
        {std::string("/out") + action, R"({"account":"bob","amount":101})", 409, "FAILURE"},
        {std::string("/in") + action, R"({"account":"nobody","amount":1})", 409, "no account"},
        {std::string("/in") + action, "{", 400, "expected"},
        {std::string("/in") + action, R"({"account":"bob","amount":"1"})", 400, "expected"},
        {"/in?gid=g1&op=action", R"({"account":"bob","amount":1})", 400, "trans_type"},
        {"/else", "", 404, "/else"},
        {"/query-prepared?trans_type=msg&gid=m1&branch_id=00&op=msg", "", 409, "FAILURE"},
    };
    for (const Row& row : rows) {
        SCOPED_TRACE(row.target + " " + row.body);
        const auto answer = post(row.target, row.body);
        ASSERT_TRUE(answer) << answer.error().what;
        EXPECT_EQ(answer->status, row.status);
        EXPECT_NE(answer->body.find(row.says), std::string::npos) << answer->body;
    }
    EXPECT_EQ(balance(), 100);
}

TEST_F(BankTest, PaysOutLocallyOnceAndRemembersIt) {
    EXPECT_TRUE(bank_->pay_out_locally("m1", "bob", 40));
    EXPECT_TRUE(bank_->pay_out_locally("m1", "bob", 40));
    EXPECT_EQ(balance(), 60);
    const auto answer = post("/query-prepared?trans_type=msg&gid=m1&branch_id=00&op=msg", "");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200u);

    const auto refused = bank_->pay_out_locally("m2", "bob", 4000);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::conflict);
}

TEST_F(BankTest, ComesBackOnTheSamePort) {
    const std::string url = bank_->url("/in");
    bank_->close_counter();
    const auto down = post("/in", "{}");
    ASSERT_FALSE(down);
    EXPECT_EQ(down.error().code, Errc::unavailable);
    const auto reopened = bank_->reopen();
    ASSERT_TRUE(reopened) << reopened.error().what;
    EXPECT_EQ(bank_->url("/in"), url);
    EXPECT_TRUE(post("/in", "{}"));
}

}  // namespace
}  // namespace dtmd::app
