#include "store_contract/backends.h"

#include "store/rocksdb/rocksdb_backend.h"
#include "store_contract/mysql_rig.h"
#include "store_contract/postgres_rig.h"
#include "store_contract/redis_rig.h"
#include "store_contract/temp_folder.h"

#include <stdexcept>

namespace dtmd::store::test {
namespace {

class RocksRig final : public Rig {
public:
    BackendFactory open() override {
        auto factory = open_rocksdb({.path = folder_.file("store")});
        if (!factory) throw std::runtime_error(factory.error().what);
        return *std::move(factory);
    }

private:
    TempFolder folder_;
};

}  // namespace

std::vector<Candidate> candidates() {
    std::vector<Candidate> all;
    all.push_back({.name = "rocksdb", .make_rig = [] { return std::make_unique<RocksRig>(); }, .fences = true});
    for (auto& one : redis_candidates()) all.push_back(std::move(one));
    for (auto& one : mysql_candidates()) all.push_back(std::move(one));
    for (auto& one : postgres_candidates()) all.push_back(std::move(one));
    return all;
}

void Contract::SetUp() {
    set_tick(GetParam().tick);
    rig = GetParam().make_rig();
    factory = rig->open();
    backend = factory();
}

void Contract::reopen() {
    backend.reset();
    factory = nullptr;
    factory = rig->open();
    backend = factory();
}

Outcome Contract::apply(Mutation mutation) {
    std::vector<Mutation> batch;
    batch.push_back(std::move(mutation));
    return apply(std::move(batch)).front();
}

std::vector<Outcome> Contract::apply(std::vector<Mutation> batch) { return write(*backend, batch); }

std::vector<Outcome> write(Backend& backend, std::span<const Mutation> batch) {
    std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
    const auto result = backend.apply(batch, outcomes);
    EXPECT_TRUE(result) << result.error().what;
    return outcomes;
}

txn::Transaction Contract::load(const std::string& gid) {
    const auto result = backend->load(gid);
    if (!result) throw std::runtime_error(result.error().what);
    if (!*result) throw std::runtime_error("there is no " + gid);
    return **result;
}

txn::Transaction Contract::kept(txn::Transaction transaction) {
    if (!GetParam().as_kept) return transaction;
    return GetParam().as_kept(std::move(transaction));
}

bool Contract::exists(const std::string& gid) {
    const auto result = backend->load(gid);
    EXPECT_TRUE(result) << result.error().what;
    return result && result->has_value();
}

std::vector<std::string> gids(const std::vector<txn::Transaction>& transactions) {
    std::vector<std::string> out;
    for (const auto& transaction : transactions) out.push_back(transaction.gid);
    return out;
}

INSTANTIATE_TEST_SUITE_P(Store, Contract, testing::ValuesIn(candidates()),
                         [](const testing::TestParamInfo<Candidate>& tested) { return tested.param.name; });

}  // namespace dtmd::store::test
