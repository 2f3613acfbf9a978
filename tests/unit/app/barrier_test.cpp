#include "app/demo/barrier.h"

#include "temporary_folder.h"

#include <gtest/gtest.h>

namespace dtmd::app {
namespace {

class BarrierTest : public testing::Test {
protected:
    void SetUp() override {
        auto opened = Database::open(folder_.file("b.db"));
        ASSERT_TRUE(opened) << opened.error().what;
        database_ = std::make_unique<Database>(std::move(*opened));
        ASSERT_TRUE(Barrier::create_table(*database_));
        ASSERT_TRUE(database_->execute("create table work(n integer)"));
    }

    Result<Passage> pass(const std::string& op, Result<void> outcome = {}, const std::string& gid = "g1") {
        const std::string trans_type = op == "msg" ? "msg" : op == "try" || op == "cancel" ? "tcc" : "saga";
        Barrier barrier(*database_, {.trans_type = trans_type, .gid = gid, .branch_id = "01", .op = op});
        return barrier.run([&](Database& database) {
            ++runs_;
            const auto done = database.execute("insert into work values(1)");
            return done ? outcome : done;
        });
    }

    std::int64_t count(const char* sql) {
        Statement statement(*database_, sql);
        const auto row = statement.step();
        return row && *row ? statement.number(0) : -1;
    }
    std::int64_t kept() { return count("select count(*) from work"); }

    TemporaryFolder folder_;
    std::unique_ptr<Database> database_;
    int runs_ = 0;
};

const Error refused{Errc::conflict, "no"};

TEST_F(BarrierTest, RunsEachCallOnce) {
    EXPECT_EQ(*pass("action"), Passage::done);
    EXPECT_EQ(*pass("action"), Passage::repeated);
    EXPECT_EQ(*pass("compensate"), Passage::done);
    EXPECT_EQ(*pass("compensate"), Passage::repeated);
    EXPECT_EQ(kept(), 2);
    EXPECT_EQ(runs_, 2);
}

TEST_F(BarrierTest, AnswersANullCompensationAndStopsTheLateForwardCall) {
    struct Row {
        const char *forward, *back;
    };
    for (const Row& row : {Row{"action", "compensate"}, Row{"try", "cancel"}, Row{"action", "rollback"}}) {
        SCOPED_TRACE(row.back);
        const std::string gid = std::string("null-") + row.back;
        EXPECT_EQ(*pass(row.back, {}, gid), Passage::null_compensation);
        EXPECT_EQ(*pass(row.forward, {}, gid), Passage::repeated);
        EXPECT_EQ(*pass(row.back, {}, gid), Passage::repeated);
    }
    EXPECT_EQ(runs_, 0);
}

TEST_F(BarrierTest, KeepsNothingOfARefusedCall) {
    const auto answer = pass("action", refused);
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, Errc::conflict);
    EXPECT_EQ(kept(), 0);
    EXPECT_EQ(count("select count(*) from barrier"), 0);
    // So its compensation finds nothing to undo.
    EXPECT_EQ(*pass("compensate"), Passage::null_compensation);
}

TEST_F(BarrierTest, TellsAMessageThatItWasDecidedBefore) {
    EXPECT_EQ(*pass("msg"), Passage::done);
    EXPECT_EQ(*pass("msg"), Passage::duplicated);
    EXPECT_EQ(runs_, 1);
}

TEST_F(BarrierTest, KeepsTransactionsAndPartsApart) {
    EXPECT_EQ(*pass("action", {}, "g1"), Passage::done);
    EXPECT_EQ(*pass("action", {}, "g2"), Passage::done);
    Barrier two_parts(*database_, {.trans_type = "saga", .gid = "g3", .branch_id = "01", .op = "action"});
    const auto nothing = [](Database&) -> Result<void> { return {}; };
    EXPECT_EQ(*two_parts.run(nothing), Passage::done);
    EXPECT_EQ(*two_parts.run(nothing), Passage::done);
    EXPECT_EQ(count("select count(*) from barrier where gid = 'g3' and barrier_id in ('01', '02')"), 2);
}

TEST_F(BarrierTest, NotesWhoTookThePlace) {
    EXPECT_EQ(*pass("compensate"), Passage::null_compensation);
    EXPECT_EQ(count("select count(*) from barrier where op = 'action' and reason = 'compensate'"), 1);
    EXPECT_EQ(count("select count(*) from barrier where op = 'compensate' and reason = 'compensate'"), 1);
}

TEST_F(BarrierTest, RefusesACallWithoutItsFourParameters) {
    for (const BranchCall& call : {BranchCall{"", "g", "01", "action"}, BranchCall{"saga", "", "01", "action"},
                                   BranchCall{"saga", "g", "", "action"}, BranchCall{"saga", "g", "01", ""}}) {
        const auto answer = Barrier(*database_, call).run([](Database&) -> Result<void> { return {}; });
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().code, Errc::invalid);
    }
}

TEST_F(BarrierTest, KnowsWhetherAMessagesLocalTransactionWasCommitted) {
    Barrier local(*database_, {.trans_type = "msg", .gid = "paid", .branch_id = "00", .op = "msg"});
    ASSERT_TRUE(local.run([](Database&) -> Result<void> { return {}; }));
    EXPECT_TRUE(*Barrier::was_committed(*database_, "paid"));
    EXPECT_TRUE(*Barrier::was_committed(*database_, "paid"));

    EXPECT_FALSE(*Barrier::was_committed(*database_, "never"));
    // Having said so, it must stay so.
    Barrier late(*database_, {.trans_type = "msg", .gid = "never", .branch_id = "00", .op = "msg"});
    EXPECT_EQ(*late.run([](Database&) -> Result<void> { return {}; }), Passage::duplicated);
    EXPECT_FALSE(*Barrier::was_committed(*database_, "never"));
}

}  // namespace
}  // namespace dtmd::app
