#include "store_contract/postgres_store.h"
#include "store_contract/samples.h"

// A backend remembers the keys of the rows it has inserted. Whatever happens to those rows, it never changes others.
namespace dtmd::store::test {
namespace {

using txn::BranchStatus;
using txn::Status;
using Rows = std::vector<std::size_t>;

class PostgresRememberedRows : public PostgresStore {
protected:
    static Mutation result(const std::string& gid, std::uint32_t row) {
        Patch patch{.update_time = at(5)};
        patch.rows.push_back({.row = row, .status = BranchStatus::succeed, .update_time = at(5), .finish_time = at(5)});
        return update(gid, Status::submitted, patch);
    }

    // The rows that have succeeded, as another backend sees them.
    Rows succeeded(const std::string& gid) {
        const auto loaded = open_backend(options)->load(gid);
        Rows rows;
        EXPECT_TRUE(loaded && *loaded) << gid;
        if (!loaded || !*loaded) return rows;
        const auto& branches = (*loaded)->branches;
        for (std::size_t row = 0; row < branches.size(); ++row) {
            if (branches[row].status == BranchStatus::succeed) rows.push_back(row);
        }
        return rows;
    }

    std::unique_ptr<Backend> backend = open_backend(options);
};

TEST_F(PostgresRememberedRows, AreThoseOfEachTransactionInABatch) {
    std::vector<Mutation> inserts, results;
    for (std::uint32_t i = 0; i < 20; ++i) {
        inserts.push_back(insert(saga("g" + std::to_string(i))));
        results.push_back(result("g" + std::to_string(i), i % 4));
    }
    apply(*backend, inserts);
    EXPECT_EQ(apply(*backend, results), std::vector<Outcome>(20, Outcome::ok));
    for (std::uint32_t i = 0; i < 20; ++i) EXPECT_EQ(succeeded("g" + std::to_string(i)), Rows{i % 4}) << i;
}

TEST_F(PostgresRememberedRows, AreForgottenWhenOthersHaveTakenTheirPlace) {
    apply(*backend, {insert(saga("a"))});
    schema.run("DELETE FROM trans_global WHERE gid='a'; DELETE FROM trans_branch_op WHERE gid='a'");
    const auto other = open_backend(options);
    apply(*other, {insert(saga("b")), insert(saga("a"))});
    EXPECT_EQ(apply(*backend, {result("a", 1)}), Outcome::ok);
    EXPECT_EQ(succeeded("a"), Rows{1});
    EXPECT_EQ(succeeded("b"), Rows{});
}

TEST_F(PostgresRememberedRows, AreLookedUpWhereAnotherNodeHasAddedSome) {
    apply(*backend, {insert(saga("a"))});
    const auto other = open_backend(options);
    apply(*other, {append("a", Status::submitted, {branch("07", "action"), branch("08", "action")})});
    EXPECT_EQ(apply(*backend, {result("a", 5)}), Outcome::ok);
    EXPECT_EQ(succeeded("a"), Rows{5});
}

TEST_F(PostgresRememberedRows, AreGoneWithTheirTransaction) {
    apply(*backend, {insert(saga("a"))});
    schema.run("DELETE FROM trans_global WHERE gid='a'");
    EXPECT_EQ(apply(*backend, {result("a", 1)}), Outcome::not_found);
}

}  // namespace
}  // namespace dtmd::store::test
