#pragma once

#include "store/group_commit.h"
#include "store_contract/samples.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
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
};

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
    bool exists(const std::string& gid);

    std::unique_ptr<Rig> rig;
    BackendFactory factory;
    std::unique_ptr<Backend> backend;
};

std::vector<std::string> gids(const std::vector<txn::Transaction>& transactions);

}  // namespace dtmd::store::test
