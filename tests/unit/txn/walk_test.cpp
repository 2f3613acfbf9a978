#include "walk.h"

#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

using namespace samples;
using Orders = std::vector<std::vector<std::uint32_t>>;
using walk::Setup;

/// @param least_states  a little below what there is: a walk that is cut short proves nothing.
void expect_right_on_every_way(const Setup& setup, std::size_t least_states) {
    const walk::Totals totals = walk::walk(setup);
    EXPECT_EQ(totals.violation, "");
    EXPECT_GE(totals.states, least_states);
    EXPECT_GT(totals.succeeded, 0u);
    EXPECT_GT(totals.failed, 0u);
}

TEST(Walk, SequentialSaga) { expect_right_on_every_way({.transaction = saga(3), .indefinite = 3, .crashes = 2}, 1700); }

TEST(Walk, SequentialSagaWithATimeout) {
    Transaction transaction = saga(3);
    transaction.options.timeout_to_fail = 15;
    expect_right_on_every_way({.transaction = transaction, .crashes = 2, .early_timers = 2}, 3600);
}

TEST(Walk, SequentialSagaWithARetryLimit) {
    Transaction transaction = saga(3);
    transaction.options.retry_limit = 1;
    expect_right_on_every_way({.transaction = transaction, .indefinite = 3, .crashes = 2}, 2300);
}

TEST(Walk, SequentialSagaWithLazyResults) {
    expect_right_on_every_way({.transaction = saga(3), .lazy_results = true, .indefinite = 3, .crashes = 2}, 1200);
}

TEST(Walk, RetryLimitWithLazyResults) {
    Transaction transaction = saga(3);
    transaction.options.retry_limit = 1;
    expect_right_on_every_way({.transaction = transaction, .lazy_results = true, .indefinite = 3, .crashes = 2}, 1700);
}

TEST(Walk, TimeoutWithLazyResults) {
    Transaction transaction = saga(3);
    transaction.options.timeout_to_fail = 15;
    expect_right_on_every_way({.transaction = transaction, .lazy_results = true, .crashes = 2, .early_timers = 2},
                              3600);
}

TEST(Walk, ConcurrentSaga) {
    Transaction transaction = saga(3);
    transaction.saga_concurrent = true;
    expect_right_on_every_way({.transaction = transaction, .indefinite = 1}, 47000);
}

TEST(Walk, ConcurrentSagaInEveryDeclaredOrder) {
    const struct {
        Orders orders;
        std::size_t least_states;
    } rows[] = {
        {{{}, {0}, {}}, 9'500}, {{{}, {}, {0, 1}}, 3'700}, {{{}, {0}, {0}}, 3'700},
        {{{}, {0}, {1}}, 420},  {{{1}, {2}, {}}, 420},     {{{}, {0}, {0, 1}}, 420},
    };
    for (const auto& row : rows) {
        Transaction transaction = saga(3);
        transaction.saga_concurrent = true;
        transaction.orders = row.orders;
        expect_right_on_every_way({.transaction = transaction, .indefinite = 1, .crashes = 2}, row.least_states);
    }
}

TEST(Walk, ConcurrentSagaWithATimeout) {
    Transaction transaction = saga(3);
    transaction.saga_concurrent = true;
    transaction.orders = {{}, {}, {0}};
    transaction.options.timeout_to_fail = 15;
    expect_right_on_every_way({.transaction = transaction, .indefinite = 1, .early_timers = 1}, 9000);
}

TEST(Walk, ConcurrentSagaWithARetryLimit) {
    Transaction transaction = saga(2);
    transaction.saga_concurrent = true;
    transaction.options.retry_limit = 1;
    expect_right_on_every_way({.transaction = transaction, .indefinite = 3}, 13000);
}

TEST(Walk, SequentialSagaWithOrders) {
    Transaction transaction = saga(3);
    transaction.orders = {{}, {}, {0}};
    expect_right_on_every_way({.transaction = transaction, .crashes = 2}, 900);
}

TEST(Walk, TccAndXa) {
    for (const Transaction& transaction : {tcc(2), xa(2), tcc(3)}) {
        expect_right_on_every_way({.transaction = transaction, .client = true, .indefinite = 3, .crashes = 2}, 1800);
    }
}

TEST(Walk, MessageWithCheckBack) {
    for (const bool concurrent : {false, true}) {
        Transaction transaction = message(2);
        transaction.options.concurrent = concurrent;
        expect_right_on_every_way(
            {.transaction = transaction, .client = true, .indefinite = 3, .crashes = 2, .early_timers = 2}, 1100);
    }
}

TEST(Walk, MessageWithLazyResults) {
    expect_right_on_every_way(
        {.transaction = message(2), .lazy_results = true, .client = true, .indefinite = 3, .crashes = 2}, 1100);
}

}  // namespace
}  // namespace dtmd::txn
