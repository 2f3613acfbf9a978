#pragma once

#include "store/group_commit.h"
#include "store_contract/samples.h"

#include <gtest/gtest.h>

#include <functional>
#include <initializer_list>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <vector>

// What a backend brings along to be held to the contract. A new one adds one `Candidate` to candidates().
namespace dtmd::store::test {

/// An empty store of its own for one test.
class Rig {
public:
    virtual ~Rig() = default;

    /// Opens the store, which keeps what was written before. Everything of an earlier opening is gone by then.
    virtual BackendFactory open() = 0;
};

struct Candidate {
    std::string name;
    std::function<std::unique_ptr<Rig>()> make_rig;

    Millis tick{1};             ///< The finest time the store keeps: what at(1) is after at(0).
    bool fences = true;         ///< Checks Mutation::expect_lease, and never takes a stored result back.
    bool keeps_owners = false;  ///< Keeps times in seconds, and so Mutation::expect_owner beside the lease.
    bool any_bytes = true;      ///< Gids and branch names need not be UTF-8.

    /// What a transaction looks like when it has been kept, if that isn't simply the same.
    std::function<txn::Transaction(txn::Transaction)> as_kept = nullptr;
};

/// So that a test's name shows which store it is.
inline void PrintTo(const Candidate& candidate, std::ostream* out) { *out << candidate.name; }

std::vector<Candidate> candidates();

/// One open store. Tests use it through `backend`; `reopen` is a restart of the process.
class Contract : public testing::TestWithParam<Candidate> {
protected:
    void SetUp() override;
    void reopen();

    /// Applies one change; the test fails if the store does.
    Outcome apply(Mutation mutation);
    std::vector<Outcome> apply(std::vector<Mutation> batch);

    /// What is stored; the test fails if there is no such transaction.
    txn::Transaction load(const std::string& gid);

    /// What load() has to give for a transaction like this one.
    txn::Transaction kept(txn::Transaction transaction);

    /// A letter at the end of the alphabet, by bytes.
    std::string last_letter() const { return GetParam().any_bytes ? "\xff" : "\xF4\x8F\xBF\xBD"; }

    bool exists(const std::string& gid);

    std::unique_ptr<Rig> rig;
    BackendFactory factory;
    std::unique_ptr<Backend> backend;
};

/// Applies a batch; the test fails if the store does.
std::vector<Outcome> write(Backend& backend, std::span<const Mutation> batch);
inline std::vector<Outcome> write(Backend& backend, std::initializer_list<Mutation> batch) {
    return write(backend, std::span(batch.begin(), batch.size()));
}

std::vector<std::string> gids(const std::vector<txn::Transaction>& transactions);

}  // namespace dtmd::store::test
