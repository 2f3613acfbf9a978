#include "store_contract/backends.h"

#include <algorithm>
#include <set>

namespace dtmd::store::test {

using txn::Mode, txn::Status;

namespace {

// Everything a filter shows, page by page.
std::vector<std::string> list_all(Backend& backend, const Filter& filter, std::size_t page_size) {
    std::vector<std::string> out;
    std::string position;
    do {
        const auto page = backend.list(filter, position, page_size);
        EXPECT_TRUE(page) << page.error().what;
        if (!page) return out;
        EXPECT_LE(page->transactions.size(), page_size);
        for (const auto& transaction : page->transactions) out.push_back(transaction.gid);
        position = page->next_position;
    } while (!position.empty());
    return out;
}

}  // namespace

TEST_P(Contract, ListsNewestFirstWithoutBranches) {
    for (int i = 0; i < 5; ++i) apply(insert(saga("g" + std::to_string(i), at(i))));
    EXPECT_EQ(list_all(*backend, {}, 2), (std::vector<std::string>{"g4", "g3", "g2", "g1", "g0"}));

    const auto page = backend->list({}, "", 100);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->next_position.empty());
    auto expected = saga("g4", at(4));
    expected.branches.clear();
    EXPECT_EQ(page->transactions.front(), kept(expected));
}

TEST_P(Contract, ListsNothingInAnEmptyStore) {
    const auto page = backend->list({}, "", 10);
    ASSERT_TRUE(page);
    EXPECT_TRUE(page->transactions.empty());
    EXPECT_TRUE(page->next_position.empty());
}

TEST_P(Contract, ListsWhatTheFilterSays) {
    apply(insert(saga("saga-open", at(10))));
    apply(insert(saga("saga-done", at(20))));
    apply(insert(tcc("tcc-open", at(30))));
    apply(insert(tcc("tcc-done", at(40))));
    apply(turn("saga-done", Status::submitted, Status::succeed));
    apply(turn("tcc-done", Status::prepared, Status::failed));

    struct Row {
        Filter filter;
        std::vector<std::string> expected;
    };
    const Row rows[] = {
        {{}, {"tcc-done", "tcc-open", "saga-done", "saga-open"}},
        {{.mode = Mode::tcc}, {"tcc-done", "tcc-open"}},
        {{.mode = Mode::xa}, {}},
        {{.status = Status::succeed}, {"saga-done"}},
        {{.mode = Mode::tcc, .status = Status::prepared}, {"tcc-open"}},
        {{.mode = Mode::tcc, .status = Status::succeed}, {}},
        {{.created_from = at(20)}, {"tcc-done", "tcc-open", "saga-done"}},
        {{.created_to = at(20)}, {"saga-done", "saga-open"}},
        {{.created_from = at(20), .created_to = at(30)}, {"tcc-open", "saga-done"}},
        {{.created_from = at(21), .created_to = at(29)}, {}},
    };
    for (const auto& row : rows) {
        for (const std::size_t page_size : {1u, 3u, 100u}) {
            EXPECT_EQ(list_all(*backend, row.filter, page_size), row.expected);
        }
    }
}

TEST_P(Contract, PagesStablyWhileOthersInsertAndFinish) {
    std::multiset<std::string> before;
    for (int i = 0; i < 50; ++i) {
        const auto gid = "g" + std::to_string(i);
        apply(insert(saga(gid, at(i / 5))));  // Several of one millisecond.
        before.insert(gid);
    }
    std::multiset<std::string> seen;
    std::string position;
    int round = 0;
    do {
        const auto page = backend->list({}, position, 7);
        ASSERT_TRUE(page);
        for (const auto& transaction : page->transactions) seen.insert(transaction.gid);
        position = page->next_position;
        ++round;
        apply(insert(saga("new" + std::to_string(round), at(1000 + round))));
        apply(insert(saga("old" + std::to_string(round), at(-round))));
        apply(turn("g" + std::to_string(round), Status::submitted, Status::succeed));
    } while (!position.empty());

    for (const auto& gid : before) EXPECT_EQ(seen.count(gid), 1u) << gid;
    EXPECT_EQ(seen.count("new1"), 0u);
}

TEST_P(Contract, RefusesAPositionItDidNotGive) {
    for (int i = 0; i < 3; ++i) apply(insert(saga("g" + std::to_string(i))));
    for (const std::string position : {"nonsense", "c", "cAA", "c*", "-1", "\xff"}) {
        const auto page = backend->list({}, position, 10);
        ASSERT_FALSE(page) << position;
        EXPECT_EQ(page.error().code, Errc::invalid);
        EXPECT_NE(page.error().what.find("position"), std::string::npos);
    }
}

TEST_P(Contract, GivesPositionsThatNeedNoEscaping) {
    for (int i = 0; i < 3; ++i) apply(insert(saga(last_letter() + "?&" + std::to_string(i))));
    const auto page = backend->list({}, "", 1);
    ASSERT_TRUE(page);
    ASSERT_FALSE(page->next_position.empty());
    EXPECT_TRUE(std::ranges::all_of(page->next_position,
                                    [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; }));
}

TEST_P(Contract, CountsTheUnfinished) {
    const auto counted = [&] { return *backend->counts(); };
    EXPECT_EQ(counted().unfinished, 0u);
    EXPECT_FALSE(counted().oldest_unfinished);
    for (int i = 0; i < 10; ++i) apply(insert(saga("g" + std::to_string(i), at(i))));
    EXPECT_EQ(counted().unfinished, 10u);
    EXPECT_EQ(counted().oldest_unfinished, at(0));
    for (int i = 0; i < 4; ++i) apply(turn("g" + std::to_string(i), Status::submitted, Status::succeed));
    EXPECT_EQ(counted().unfinished, 6u);
    EXPECT_EQ(counted().oldest_unfinished, at(4));

    reopen();
    apply(turn("g4", Status::submitted, Status::aborting));
    apply(turn("g5", Status::submitted, Status::succeed));
    apply(insert(saga("older", at(-5))));
    EXPECT_EQ(counted().unfinished, 6u);
    EXPECT_EQ(counted().oldest_unfinished, at(-5));
    apply(turn("older", Status::submitted, Status::succeed));
    EXPECT_EQ(counted().oldest_unfinished, at(4));
}

}  // namespace dtmd::store::test
