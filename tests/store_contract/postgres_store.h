#pragma once

#include "store_contract/mysql_rig.h"
#include "store_contract/postgres_rig.h"
#include "store_contract/servers/postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>

namespace dtmd::store::test {

/// A test of what is PostgreSQL's own: a schema on the shared server, and backends on it.
class PostgresStore : public testing::Test {
protected:
    PostgresStore() : options(schema.options()) {
        set_tick(std::chrono::seconds(1));
        options.on_refusal = [this](const std::string& why) { refusals.push_back(why); };
    }

    static std::vector<Outcome> apply(Backend& backend, const std::vector<Mutation>& batch) {
        return write(backend, batch);
    }

    static Outcome apply(Backend& backend, Mutation mutation) {
        std::vector<Mutation> batch;
        batch.push_back(std::move(mutation));
        return apply(backend, batch).front();
    }

    /// The error of a batch that fails as a whole.
    static Error failure_of(Backend& backend, const std::vector<Mutation>& batch) {
        std::vector<Outcome> outcomes(batch.size(), Outcome::unknown);
        const auto done = backend.apply(batch, outcomes);
        EXPECT_FALSE(done) << "it should have failed";
        return done ? Error{Errc::invalid, "it did not fail"} : done.error();
    }

    static std::optional<txn::Transaction> load(Backend& backend, const std::string& gid) {
        auto found = backend.load(gid);
        EXPECT_TRUE(found) << found.error().what;
        return found ? *std::move(found) : std::nullopt;
    }

    /// Waits until `is_true()`; the test fails if it takes too long.
    template <class Condition>
    static void wait_for(Condition is_true) {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (!is_true()) {
            if (std::chrono::steady_clock::now() > end) throw std::runtime_error("what was waited for did not happen");
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
    }

    const PostgresSchema schema;
    PostgresOptions options;
    std::vector<std::string> refusals;
};

}  // namespace dtmd::store::test
