#include "store/sql/row_memory.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

using namespace std::chrono_literals;
using txn::BranchStatus, txn::Mode, txn::Status;

constexpr std::size_t room = 65'535;
constexpr Time lease{1'700'000'000'400ms};

Remembered saga() {
    return {.ids = {.global = 7, .branches = {11, 12}}, .mode = Mode::saga, .retry_count = 0, .ext_data = ""};
}

Mutation result(std::string gid, std::uint32_t row) {
    Mutation update;
    update.gid = std::move(gid);
    update.expect = Status::submitted;
    update.expect_lease = lease;
    update.patch.retry_count = 0;
    RowPatch& patch = update.patch.rows.emplace_back();
    patch.row = row;
    patch.status = BranchStatus::succeed;
    patch.attempts = 1;
    return update;
}

Mutation insert(std::string gid) {
    Mutation insert;
    insert.change = Change::insert;
    insert.gid = std::move(gid);
    return insert;
}

class ForetoldRows : public testing::Test {
protected:
    ForetoldRows() { memory.remember("g", saga()); }
    bool foretells(const Mutation& mutation) {
        return Recall(memory).foretell(std::span(&mutation, 1), room).has_value();
    }
    void commit(const Mutation& mutation, Outcome outcome = Outcome::ok) {
        forget_what_is_over(memory, std::span(&mutation, 1), std::span(&outcome, 1), room);
    }

    RowMemory memory;
};

TEST_F(ForetoldRows, AreAsTheWriterExpectsThem) {
    const auto all = Recall(memory).foretell(std::vector{insert("new"), result("g", 1)}, room);
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 1u) << "what is new is not foretold";
    const Stored& stored = all->at("g");
    EXPECT_EQ(stored.id, 7);
    EXPECT_EQ(stored.status, "submitted");
    EXPECT_EQ(stored.mode, "saga");
    EXPECT_EQ(stored.lease, Time(1'700'000'001s)) << "as the column has it";
    ASSERT_EQ(stored.rows.size(), 2u);
    EXPECT_EQ(stored.rows[1].id, 12);
    EXPECT_TRUE(stored.keeps_texts);
    const auto found = find_expected(*all, result("g", 1));
    EXPECT_EQ(found, &stored);
}

TEST_F(ForetoldRows, AreNoneIfOneTransactionIsUnknown) {
    EXPECT_FALSE(Recall(memory).foretell(std::vector{result("g", 1), result("other", 0)}, room));
}

TEST_F(ForetoldRows, AreNoneWithoutALeaseThatSaysThatNobodyElseWrites) {
    auto update = result("g", 1);
    update.expect_lease.reset();
    EXPECT_FALSE(foretells(update));
    update = result("g", 1);
    update.any_status = true;
    EXPECT_FALSE(foretells(update));
    update = result("g", 1);
    update.change = Change::append;
    EXPECT_FALSE(foretells(update));
}

TEST_F(ForetoldRows, AreNoneForAnotherModeOrARowThatCameLater) {
    auto update = result("g", 1);
    update.expect_mode = Mode::saga;
    EXPECT_TRUE(foretells(update));
    update.expect_mode = Mode::tcc;
    EXPECT_FALSE(foretells(update));
    EXPECT_FALSE(foretells(result("g", 2)));
}

TEST_F(ForetoldRows, AreNoneIfATextChanges) {
    auto update = result("g", 1);
    update.patch.retry_count = 1;
    EXPECT_FALSE(foretells(update));
    commit(update);
    EXPECT_FALSE(foretells(result("g", 1))) << "what the row says of it now is not known";
    EXPECT_TRUE(Recall(memory).knows_rows_of(result("g", 1))) << "but its keys are";
}

TEST_F(ForetoldRows, StayKnownWhileNoTextChanges) {
    commit(result("g", 0));
    Mutation plain;
    plain.change = Change::append;
    plain.gid = "g";
    plain.branches.resize(1);
    commit(plain);
    EXPECT_TRUE(foretells(result("g", 1)));
    plain.branches[0].attempts = 3;
    commit(plain);
    EXPECT_FALSE(foretells(result("g", 1))) << "evidence came with the row";
}

TEST_F(ForetoldRows, AreForgottenAtTheEndAndAfterAFailure) {
    auto last = result("g", 1);
    last.patch.status = Status::succeed;
    EXPECT_TRUE(foretells(last));
    commit(last);
    EXPECT_FALSE(foretells(result("g", 1)));
    memory.remember("g", saga());
    commit(result("g", 1), Outcome::not_found);
    EXPECT_FALSE(foretells(result("g", 1)));
}

TEST(RowMemory, KeepsTheYoungestOnes) {
    RowMemory memory(2);
    for (const char* gid : {"a", "b", "c", "d", "e"}) memory.remember(gid, saga());
    EXPECT_FALSE(memory.find("a"));
    EXPECT_FALSE(memory.find("b"));
    for (const char* gid : {"c", "d", "e"}) EXPECT_TRUE(memory.find(gid)) << gid;
}

}  // namespace
}  // namespace dtmd::store::sql
