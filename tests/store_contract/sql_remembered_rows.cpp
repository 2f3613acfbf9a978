#include "store_contract/backends.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/postgres_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/mariadb.h"

#include <gtest/gtest.h>

#include <memory>

// An SQL backend remembers the keys of the rows it has inserted. Whatever happens to those rows, it never changes
// others.
namespace dtmd::store::test {
namespace {

using namespace std::chrono_literals;
using txn::BranchStatus;
using txn::Status;
using Rows = std::vector<std::size_t>;

/// One test's database, gone when this is.
class Database {
public:
    virtual ~Database() = default;
    virtual std::unique_ptr<Backend> open() const = 0;          ///< It remembers nothing yet.
    virtual void run(const std::string& statements) const = 0;  ///< As somebody else.
};

class OnMariaDb final : public Database {
public:
    ~OnMariaDb() override { run("DROP DATABASE " + options_.database); }
    std::unique_ptr<Backend> open() const override { return open_backend(options_); }
    void run(const std::string& statements) const override { MariaDb::shared().run(statements, options_.database); }

private:
    const MySqlOptions options_ = MariaDb::shared().options(MariaDb::fresh_name());
};

class OnPostgres final : public Database {
public:
    std::unique_ptr<Backend> open() const override { return open_backend(schema_.options()); }
    void run(const std::string& statements) const override { schema_.run(statements); }

private:
    const PostgresSchema schema_;
};

template <class T>
std::unique_ptr<Database> make() {
    return std::make_unique<T>();
}

class RememberedRows : public testing::TestWithParam<std::unique_ptr<Database> (*)()> {
protected:
    RememberedRows() : database_(GetParam()()) {
        set_tick(1s);
        backend_ = database_->open();
        write(*backend_, {insert(saga("proof"))});
    }

    static Mutation result(const std::string& gid, std::uint32_t row) {
        Patch patch{.update_time = at(5)};
        patch.rows.push_back({.row = row, .status = BranchStatus::succeed, .update_time = at(5), .finish_time = at(5)});
        return update(gid, Status::submitted, patch);
    }

    // Of a node that has the lease: the transaction needs not be read.
    static Mutation foretold(const std::string& gid, std::uint32_t row, Time lease = at(0)) {
        auto mutation = result(gid, row);
        mutation.expect_lease = lease;
        return mutation;
    }

    // The rows that have succeeded, as another backend sees them.
    std::vector<std::size_t> succeeded(const std::string& gid) {
        const auto loaded = database_->open()->load(gid);
        std::vector<std::size_t> rows;
        EXPECT_TRUE(loaded && *loaded) << gid;
        if (!loaded || !*loaded) return rows;
        const auto& branches = (*loaded)->branches;
        for (std::size_t row = 0; row < branches.size(); ++row) {
            if (branches[row].status == BranchStatus::succeed) rows.push_back(row);
        }
        return rows;
    }

    const std::unique_ptr<Database> database_;
    std::unique_ptr<Backend> backend_;
};

TEST_P(RememberedRows, AreThoseOfEachTransactionInABatch) {
    std::vector<Mutation> inserts, results;
    for (std::uint32_t i = 0; i < 20; ++i) {
        auto record = saga("g" + std::to_string(i));
        for (std::uint32_t more = 0; more < i % 3; ++more) {
            record.branches.push_back(branch("1" + std::to_string(more), "action"));
        }
        inserts.push_back(insert(std::move(record)));
        results.push_back(result("g" + std::to_string(i), i % 4));
    }
    write(*backend_, inserts);
    EXPECT_EQ(write(*backend_, results), std::vector<Outcome>(20, Outcome::ok));
    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(succeeded("g" + std::to_string(i)), Rows{i % 4}) << i;
    EXPECT_EQ(succeeded("proof"), Rows{});
}

TEST_P(RememberedRows, AreForgottenWhenOthersHaveTakenTheirPlace) {
    write(*backend_, {insert(saga("a"))});
    database_->run("DELETE FROM trans_global WHERE gid='a'");
    database_->run("DELETE FROM trans_branch_op WHERE gid='a'");
    const auto other = database_->open();
    write(*other, {insert(saga("b")), insert(saga("a"))});
    EXPECT_EQ(write(*backend_, {result("a", 1)}), std::vector{Outcome::ok});
    EXPECT_EQ(succeeded("a"), Rows{1});
    EXPECT_EQ(succeeded("b"), Rows{});
}

TEST_P(RememberedRows, AreLookedUpWhereAnotherNodeHasAddedSome) {
    write(*backend_, {insert(saga("a"))});
    const auto other = database_->open();
    write(*other, {append("a", Status::submitted, {branch("07", "action"), branch("08", "action")})});
    EXPECT_EQ(write(*backend_, {result("a", 5)}), std::vector{Outcome::ok});
    EXPECT_EQ(succeeded("a"), Rows{5});
}

TEST_P(RememberedRows, AreGoneWithTheirTransaction) {
    write(*backend_, {insert(saga("a"))});
    database_->run("DELETE FROM trans_global WHERE gid='a'");
    EXPECT_EQ(write(*backend_, {result("a", 1)}), std::vector{Outcome::not_found});
}

TEST_P(RememberedRows, AreChangedWithoutBeingRead) {
    auto later = saga("b", at(3));
    later.status = Status::prepared;
    write(*backend_, {insert(saga("a")), insert(later), insert(tcc("c"))});
    auto second = foretold("b", 2, at(3));
    second.expect = Status::prepared;
    auto third = update("c", Status::prepared, Patch{.status = Status::submitted, .update_time = at(6)});
    third.expect_lease = at(0);
    EXPECT_EQ(write(*backend_, {insert(saga("d")), foretold("a", 1), second, third}), std::vector(4, Outcome::ok));
    EXPECT_EQ(succeeded("a"), Rows{1});
    EXPECT_EQ(succeeded("b"), Rows{2});
    EXPECT_EQ((*database_->open()->load("c"))->status, Status::submitted);
    EXPECT_EQ(write(*backend_, {foretold("d", 3), foretold("a", 3)}), std::vector(2, Outcome::ok));
    EXPECT_EQ(succeeded("a"), (Rows{1, 3}));
    EXPECT_EQ(succeeded("d"), Rows{3});
}

TEST_P(RememberedRows, AreAppendedToWithoutBeingRead) {
    write(*backend_, {insert(tcc("a")), insert(tcc("b")), insert(tcc("turned"))});
    const auto other = database_->open();
    write(*other, {append("b", Status::prepared, {branch("01", "confirm"), branch("01", "cancel")})});
    write(*other, {turn("turned", Status::prepared, Status::aborting)});
    const std::vector first{branch("01", "confirm"), branch("01", "cancel")};
    const std::vector second{branch("02", "confirm"), branch("02", "cancel")};
    EXPECT_EQ(write(*backend_, {append("a", Status::prepared, first), insert(tcc("new"))}),
              std::vector(2, Outcome::ok));
    EXPECT_EQ(write(*backend_, {append("a", Status::prepared, second), append("b", Status::prepared, first),
                                append("turned", Status::prepared, first), append("new", Status::prepared, second)}),
              (std::vector{Outcome::ok, Outcome::conflict, Outcome::not_found, Outcome::ok}));
    EXPECT_EQ(write(*backend_, {append("b", Status::prepared, second)}), std::vector{Outcome::ok});
    EXPECT_EQ(write(*backend_, {append("b", Status::prepared, second)}), std::vector{Outcome::conflict});
    for (const std::string gid : {"a", "b"}) {
        const auto stored = database_->open()->load(gid);
        ASSERT_EQ((*stored)->branches.size(), 4u) << gid;
        EXPECT_EQ((*stored)->branches[2].branch_id, "02") << gid;
    }
    EXPECT_EQ((*other->load("turned"))->branches.size(), 0u);
    EXPECT_EQ((*other->load("new"))->branches.size(), 2u);
}

// As a node does that has turned a tcc, and then reads which branches have joined it, here and elsewhere.
TEST_P(RememberedRows, AreThoseThatWereThereWhenItWasRead) {
    write(*backend_, {insert(tcc("a")), insert(tcc("b"))});
    const auto other = database_->open();
    write(*other, {append("a", Status::prepared, {branch("01", "confirm"), branch("01", "cancel")})});
    write(*backend_, {append("a", Status::prepared, {branch("02", "confirm"), branch("02", "cancel")})});
    write(*other, {append("a", Status::prepared, {branch("03", "confirm"), branch("03", "cancel")})});
    Patch submitted{.status = Status::submitted, .next_cron_time = at(60), .update_time = at(4)};
    submitted.options = txn::Options{.retry_interval = 7};
    EXPECT_EQ(write(*backend_, {update("a", Status::prepared, submitted)}), std::vector{Outcome::ok});
    EXPECT_EQ((*backend_->load("a"))->branches.size(), 6u);
    EXPECT_EQ(write(*backend_, {foretold("a", 4, at(60)), insert(saga("c"))}), std::vector(2, Outcome::ok));
    EXPECT_EQ(write(*backend_, {foretold("a", 2, at(60)), foretold("c", 0)}), std::vector(2, Outcome::ok));
    EXPECT_EQ(succeeded("a"), (Rows{2, 4}));
    EXPECT_EQ((*database_->open()->load("a"))->options.retry_interval, 7);
}

// Somebody has removed a transaction, and left one of its branches behind under a gid that is used again.
TEST_P(RememberedRows, AreThoseThatWereInsertedWhateverElseIsReadBesideThem) {
    write(*database_->open(), {insert(saga("a"))});
    database_->run("DELETE FROM trans_global WHERE gid='a'");
    database_->run("DELETE FROM trans_branch_op WHERE gid='a' AND NOT (branch_id='01' AND op='action')");
    database_->run("UPDATE trans_branch_op SET branch_id='99' WHERE gid='a'");
    write(*backend_, {insert(saga("a"))});
    ASSERT_EQ((*backend_->load("a"))->branches.size(), saga("a").branches.size() + 1);
    EXPECT_EQ(write(*backend_, {foretold("a", 1)}), std::vector{Outcome::ok});
    EXPECT_EQ(succeeded("a"), Rows{2}) << "the one that was left behind comes first";
}

// Each of these is found out by the server alone, and the rest of the batch must not suffer from it.
TEST_P(RememberedRows, AreLeftAloneByWhoeverHasLostThem) {
    write(*backend_, {insert(saga("kept")), insert(saga("turned")), insert(saga("claimed")), insert(saga("gone"))});
    const auto other = database_->open();
    write(*other, {turn("turned", Status::submitted, Status::aborting)});
    write(*other, {update("claimed", Status::submitted, Patch{.next_cron_time = at(9), .update_time = at(1)})});
    database_->run("DELETE FROM trans_global WHERE gid='gone'");
    for (const std::string gid : {"turned", "claimed", "gone"}) {
        const std::vector batch{insert(saga("beside " + gid)), foretold("kept", 1), foretold(gid, 1)};
        EXPECT_EQ(write(*backend_, batch), (std::vector{Outcome::ok, Outcome::ok, Outcome::not_found})) << gid;
    }
    EXPECT_EQ(succeeded("kept"), Rows{1});
    EXPECT_EQ(succeeded("turned"), Rows{});
    EXPECT_EQ(succeeded("claimed"), Rows{});
    EXPECT_EQ(write(*backend_, {foretold("claimed", 1, at(9))}), std::vector{Outcome::ok});
    EXPECT_EQ(succeeded("claimed"), Rows{1});
}

TEST_P(RememberedRows, AreNotTakenForOnesThatReplacedThem) {
    write(*backend_, {insert(saga("a"))});
    database_->run("DELETE FROM trans_global WHERE gid='a'");
    database_->run("DELETE FROM trans_branch_op WHERE gid='a'");
    write(*database_->open(), {insert(saga("b")), insert(saga("a"))});
    EXPECT_EQ(write(*backend_, {foretold("a", 1)}), std::vector{Outcome::ok});
    EXPECT_EQ(succeeded("a"), Rows{1});
    EXPECT_EQ(succeeded("b"), Rows{});
}

TEST_P(RememberedRows, AreChangedBesideAGidThatExists) {
    write(*backend_, {insert(saga("a"))});
    const std::vector batch{insert(saga("proof")), insert(saga("new")), foretold("a", 1)};
    EXPECT_EQ(write(*backend_, batch), (std::vector{Outcome::conflict, Outcome::ok, Outcome::ok}));
    EXPECT_EQ(succeeded("a"), Rows{1});
    EXPECT_TRUE(*database_->open()->load("new"));
}

TEST_P(RememberedRows, KeepTheEvidenceThatOthersHaveLeft) {
    write(*backend_, {insert(saga("a"))});
    auto failed = foretold("a", 1);
    failed.patch.rows[0] = {.row = 1, .update_time = at(5), .attempts = 2, .last_error = "HTTP 500"};
    failed.patch.retry_count = 1;
    auto passed = foretold("a", 3);
    passed.patch.retry_count = 1;
    auto repeated = foretold("a", 2);
    repeated.patch.rows[0].attempts = 3;
    repeated.patch.retry_count = 2;
    for (const auto& mutation : {failed, passed, repeated}) {
        EXPECT_EQ(write(*backend_, {mutation}), std::vector{Outcome::ok});
    }
    const auto stored = database_->open()->load("a");
    EXPECT_EQ((*stored)->retry_count, 2);
    EXPECT_EQ((*stored)->branches[1].last_error, "HTTP 500");
    EXPECT_EQ((*stored)->branches[2].attempts, 3u);
    EXPECT_EQ((*stored)->branches[3].status, BranchStatus::succeed);
}

INSTANTIATE_TEST_SUITE_P(Stores, RememberedRows, testing::Values(&make<OnMariaDb>, &make<OnPostgres>),
                         [](const auto& one) { return one.index == 0 ? "mysql" : "postgres"; });

class OnlyMySqlRememberedRows : public RememberedRows {};

TEST_P(OnlyMySqlRememberedRows, AreNotForetoldWhereKeysAreNotConsecutive) {
    MariaDb::shared().run("SET GLOBAL auto_increment_increment=3");
    const auto odd = database_->open();
    write(*odd, {insert(saga("a"))});
    write(*odd, {insert(saga("b")), insert(saga("c"))});
    EXPECT_EQ(write(*odd, {result("b", 3), result("c", 2)}), std::vector(2, Outcome::ok));
    MariaDb::shared().run("SET GLOBAL auto_increment_increment=1");
    EXPECT_EQ(succeeded("a"), Rows{});
    EXPECT_EQ(succeeded("b"), Rows{3});
    EXPECT_EQ(succeeded("c"), Rows{2});
}

INSTANTIATE_TEST_SUITE_P(Stores, OnlyMySqlRememberedRows, testing::Values(&make<OnMariaDb>),
                         [](const auto&) { return "mysql"; });

}  // namespace
}  // namespace dtmd::store::test
