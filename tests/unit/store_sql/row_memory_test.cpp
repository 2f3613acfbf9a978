#include "store/sql/row_memory.h"

#include <gtest/gtest.h>

namespace dtmd::store::sql {
namespace {

using namespace std::chrono_literals;
using txn::BranchStatus, txn::Mode, txn::Status;

constexpr std::size_t room = 65'535;
constexpr Time lease{1'700'000'000'400ms}, stored_lease{1'700'000'001s};
const std::string options = R"({"concurrent":false})";

Remembered saga() {
    return {.ids = {.global = 7, .branches = {11, 12}},
            .mode = "saga",
            .owner = "",
            .options = options,
            .ext_data = "",
            .lease = stored_lease};
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

Stored saga_row(std::int64_t id, Time leased) {
    return {.id = id,
            .status = "submitted",
            .mode = "saga",
            .owner = "",
            .options = options,
            .ext_data = "",
            .lease = leased,
            .new_lease = {},
            .rows = {}};
}

Mutation insert(std::string gid) {
    Mutation insert;
    insert.change = Change::insert;
    insert.gid = std::move(gid);
    return insert;
}

Mutation append(std::string gid) {
    Mutation append;
    append.change = Change::append;
    append.gid = std::move(gid);
    append.branches.resize(1);
    return append;
}

class ForetoldRows : public testing::Test {
protected:
    ForetoldRows() { memory.remember("g", saga()); }

    bool foretells(const Mutation& mutation) { return Recall(memory).foretell(std::span(&mutation, 1)).has_value(); }

    // What a store does whose rows are as foretold, or as `read` if they had to be read.
    void commit(const Mutation& mutation, Outcome outcome = Outcome::ok, StoredByGid read = {}) {
        const Recall recall(memory);
        StoredByGid stored = recall.foretell(std::span(&mutation, 1)).value_or(std::move(read));
        if (const auto found = stored.find(mutation.gid); found != stored.end()) {
            change(found->second, mutation.patch, room);
        }
        recall.settle(std::span(&mutation, 1), std::span(&outcome, 1), stored);
    }

    RowMemory memory;
};

TEST_F(ForetoldRows, AreAsTheWriterExpectsThem) {
    auto all = Recall(memory).foretell(std::vector{insert("new"), result("g", 1)});
    ASSERT_TRUE(all);
    ASSERT_EQ(all->size(), 1u) << "what is new is not foretold";
    const Stored& stored = all->at("g");
    EXPECT_EQ(stored.id, 7);
    EXPECT_EQ(stored.status, "submitted");
    EXPECT_EQ(stored.mode, "saga");
    EXPECT_EQ(stored.options, options);
    EXPECT_EQ(stored.lease, stored_lease);
    ASSERT_EQ(stored.rows.size(), 2u);
    EXPECT_EQ(stored.rows[1].id, 12);
    EXPECT_EQ(find_expected(*all, result("g", 1)), &stored);
}

TEST_F(ForetoldRows, AreNoneIfOneTransactionIsUnknown) {
    EXPECT_FALSE(Recall(memory).foretell(std::vector{result("g", 1), result("other", 0)}));
}

TEST_F(ForetoldRows, AreNoneForAnotherLeaseThanTheOneThatIsRemembered) {
    auto update = result("g", 1);
    update.expect_lease = lease + 1s;
    EXPECT_FALSE(foretells(update));
    update.expect_lease.reset();
    EXPECT_TRUE(foretells(update)) << "the server makes sure of the one that is remembered";
    update.any_status = true;
    EXPECT_FALSE(foretells(update));
}

TEST_F(ForetoldRows, AreNoneForAnotherModeOrARowThatCameLater) {
    auto update = result("g", 1);
    update.expect_mode = Mode::saga;
    EXPECT_TRUE(foretells(update));
    update.expect_mode = Mode::tcc;
    EXPECT_FALSE(foretells(update));
    EXPECT_FALSE(foretells(result("g", 2)));
    memory.learn_rows("g", {.global = 8, .branches = {11, 12, 30}});
    EXPECT_FALSE(foretells(result("g", 2))) << "those are another transaction's";
    memory.learn_rows("g", {.global = 7, .branches = {5, 11, 12}});
    EXPECT_FALSE(foretells(result("g", 2))) << "a stranger is among them";
    memory.learn_rows("g", {.global = 7, .branches = {11, 12, 30}});
    memory.learn_rows("g", {.global = 7, .branches = {11}});
    EXPECT_EQ(Recall(memory).foretell(std::vector{result("g", 2)})->at("g").rows.at(2).id, 30);
}

TEST_F(ForetoldRows, TakeBranchesBehindThemUnlessEvidenceComesWithThose) {
    EXPECT_TRUE(foretells(append("g")));
    commit(append("g"));
    EXPECT_TRUE(foretells(result("g", 1)));
    EXPECT_FALSE(foretells(result("g", 2))) << "its key is not known";
    auto tried = append("g");
    tried.branches[0].attempts = 3;
    EXPECT_FALSE(foretells(tried)) << "its place is not known";
    tried = append("g");
    tried.expect_mode = Mode::tcc;
    EXPECT_FALSE(foretells(tried));
}

TEST_F(ForetoldRows, AreRememberedAsTheyHaveBecome) {
    auto update = result("g", 1);
    update.patch.retry_count = 1;
    update.patch.rows[0].attempts = 2;
    update.patch.next_cron_time = lease + 10s;
    commit(update);
    EXPECT_FALSE(foretells(result("g", 1))) << "it has another lease";
    update = result("g", 0);
    update.expect_lease = lease + 10s;
    const auto all = Recall(memory).foretell(std::vector{update});
    ASSERT_TRUE(all);
    EXPECT_EQ(all->at("g").options, R"({"concurrent":false,"retry_count":1})");
    EXPECT_TRUE(all->at("g").ext_data.starts_with(R"({"dtmd":)")) << all->at("g").ext_data;
    EXPECT_EQ(all->at("g").rows.size(), 2u);
}

TEST_F(ForetoldRows, AreRememberedOnceTheyWereRead) {
    Stored stored = saga_row(9, stored_lease);
    stored.rows = {{.id = 21, .branch_id = "01", .op = "action"}};
    EXPECT_FALSE(foretells(result("read", 0)));
    commit(result("read", 0), Outcome::ok, {{"read", stored}});
    EXPECT_TRUE(foretells(result("read", 0)));
    EXPECT_FALSE(foretells(result("read", 1)));
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
    memory.remember("g", saga());
    Recall(memory).forget(std::vector{result("g", 1)});
    EXPECT_FALSE(foretells(result("g", 1)));
}

TEST_F(ForetoldRows, KeepTheKeysThatAreKnownWhenOnlyTheTransactionWasRead) {
    Mutation turn;
    turn.gid = "g";
    turn.expect = Status::submitted;
    turn.expect_lease = lease + 5s;
    turn.patch.status = Status::aborting;
    Recall recall(memory);
    ASSERT_FALSE(recall.foretell(std::vector{turn})) << "somebody has claimed it";
    EXPECT_TRUE(recall.knows_rows_of(turn));
    StoredByGid read{{"g", saga_row(7, stored_lease + 5s)}};
    ASSERT_TRUE(recall.complete(read));
    const Outcome ok = Outcome::ok;
    recall.settle(std::span(&turn, 1), std::span(&ok, 1), read);
    auto update = result("g", 1);
    update.expect_lease = lease + 5s;
    EXPECT_TRUE(foretells(update));
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
