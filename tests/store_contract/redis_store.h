#pragma once

#include "store/redis/redis_backend.h"
#include "store_contract/redis_rig.h"
#include "store_contract/samples.h"
#include "store_contract/servers/redis.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

namespace dtmd::store::test {

/// One change; the outcome that counts, also if the whole batch failed.
inline Outcome apply_one(Backend& backend, Mutation mutation) {
    std::vector<Mutation> batch;
    batch.push_back(std::move(mutation));
    std::vector<Outcome> outcomes{Outcome::unknown};
    const auto applied = backend.apply(batch, outcomes);
    if (applied) return outcomes.front();
    return applied.error().code == Errc::unavailable ? Outcome::unavailable : Outcome::unknown;
}

inline txn::Transaction load_one(Backend& backend, const std::string& gid) {
    const auto loaded = backend.load(gid);
    if (!loaded) throw std::runtime_error(loaded.error().what);
    if (!*loaded) throw std::runtime_error("there is no " + gid);
    return **loaded;
}

/// Options for a server on this machine, with limits short enough for tests.
inline RedisOptions options_for(const RedisServer& server, std::string prefix = "{a}") {
    RedisOptions options;
    options.hosts = {server.host()};
    options.prefix = std::move(prefix);
    options.timeout = std::chrono::milliseconds(3'000);
    return options;
}

/// A server of its own and a backend on it.
class RedisStore : public testing::Test {
protected:
    void SetUp() override { open({}); }

    void open(std::vector<std::string> arguments) {
        backend.reset();
        server = std::make_unique<RedisServer>(std::move(arguments));
        backend = open_or_throw(options_for(*server))();
    }

    Outcome apply(Mutation mutation) { return apply_one(*backend, std::move(mutation)); }
    txn::Transaction load(const std::string& gid) { return load_one(*backend, gid); }
    std::string cli(const std::vector<std::string>& words) { return server->cli(words); }

    std::unique_ptr<RedisServer> server;
    std::unique_ptr<Backend> backend;
};

}  // namespace dtmd::store::test
