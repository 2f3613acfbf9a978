#include "txn/text.h"

#include "samples.h"

#include <gtest/gtest.h>

namespace dtmd::txn {
namespace {

using namespace samples;

TEST(StorableText, IsMadeByTheTable) {
    const struct {
        const char* rule;
        std::string text;
        std::size_t most;
        std::string expected;
    } rows[] = {
        {"nothing", "", 10, ""},
        {"what is fine stays", "no money\n\ttoday", 100, "no money\n\ttoday"},
        {"bounded", "abcdef", 3, "abc"},
        {"no room", "abc", 0, ""},
        {"all lengths of characters", "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", 100,
         "a\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"},
        {"not cut inside a character", "ab\xE2\x82\xAC", 4, "ab"},
        {"NUL", std::string("a\0b", 3), 10, "a?b"},
        {"a lone continuation", "a\x80z", 10, "a?z"},
        {"a cut character", "a\xE2\x82", 10, "a??"},
        {"an overlong form", "\xC0\x80", 10, "??"},
        {"an overlong form of three", "\xE0\x9F\xBF", 10, "???"},
        {"an overlong form of four", "\xF0\x8F\xBF\xBF", 10, "????"},
        {"a surrogate", "\xED\xA0\x80", 10, "???"},
        {"above Unicode", "\xF4\x90\x80\x80\xF5", 10, "?????"},
        {"a broken one before a good one", "\xC3z\xC3\xBC", 10, "?z\xC3\xBC"},
        {"not from 0xFF", "\xFF\xFE", 10, "??"},
    };
    for (const auto& row : rows) {
        SCOPED_TRACE(row.rule);
        EXPECT_EQ(storable_text(row.text, row.most), row.expected);
    }
}

TEST(StorableText, IsWhatAnAnswerLeaves) {
    Transaction transaction = saga(1);
    Live live = make_live(transaction, {});
    apply_answer(transaction, live, 1, Answer::unknown, std::string(999, 'x') + "\xE2\x82\xAC", t0, {}, 0);
    EXPECT_EQ(transaction.branches[1].last_error, std::string(999, 'x'));
    apply_blocked(transaction, live, 1, "\xFF" + std::string(5'000, 'x'), t0, {}, 0);
    EXPECT_EQ(transaction.branches[1].last_error, "?" + std::string(999, 'x'));
}

TEST(Names, AreTheWiresAndParseBack) {
    const auto check_names = [](auto values, const std::vector<std::string>& names) {
        ASSERT_EQ(values.size(), names.size());
        for (std::size_t i = 0; i < names.size(); ++i) {
            EXPECT_EQ(name(values[i]), names[i]);
            auto parsed = values[(i + 1) % names.size()];
            ASSERT_TRUE(parse(names[i], parsed));
            EXPECT_EQ(parsed, values[i]);
        }
        auto untouched = values[1];
        for (const char* bad : {"", "Saga", "PREPARED", "succeeded", "message", " saga", "fail"}) {
            EXPECT_FALSE(parse(bad, untouched)) << bad;
            EXPECT_EQ(untouched, values[1]);
        }
    };
    check_names(std::vector{Mode::saga, Mode::tcc, Mode::xa, Mode::message, Mode::workflow},
                {"saga", "tcc", "xa", "msg", "workflow"});
    check_names(std::vector{Status::prepared, Status::submitted, Status::aborting, Status::succeed, Status::failed},
                {"prepared", "submitted", "aborting", "succeed", "failed"});
    check_names(std::vector{BranchStatus::prepared, BranchStatus::succeed, BranchStatus::failed},
                {"prepared", "succeed", "failed"});
}

}  // namespace
}  // namespace dtmd::txn
