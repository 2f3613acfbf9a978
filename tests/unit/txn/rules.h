#pragma once

#include "samples.h"

#include <gtest/gtest.h>

#include <span>

namespace dtmd::txn::samples {

/// One rule: what is known of a transaction, the moment, and the only right next thing.
struct Rule {
    const char* rule;
    Status status;
    const char* rows;                    ///< As set_rows() takes them; the rest is prepared.
    void (*given)(Transaction&, Live&);  ///< What else is to be known; may be null.
    std::int64_t at;                     ///< s after t0
    const char* expected;                ///< As text() writes it.
    const char* reason = "";             ///< Of the turn.
};

inline void check_rules(const Transaction& sample, std::span<const Rule> rules, const Policy& policy = {}) {
    for (const Rule& rule : rules) {
        SCOPED_TRACE(rule.rule);
        Transaction transaction = sample;
        Live live = make_live(transaction, policy);
        transaction.status = rule.status;
        set_rows(transaction, rule.rows);
        if (rule.given != nullptr) rule.given(transaction, live);
        live.branches.resize(transaction.branches.size());
        const Decision decision = decide(transaction, live, after(rule.at), policy);
        EXPECT_EQ(text(decision), rule.expected);
        EXPECT_EQ(decision.turn ? decision.turn->reason : "", rule.reason);
    }
}

}  // namespace dtmd::txn::samples
