#include "bench/options.h"

#include <gtest/gtest.h>

namespace dtmd::bench {
namespace {

TEST(Options, AreFineAsTheyAre) { EXPECT_EQ(check(Options()), ""); }

TEST(Options, SayWhatIsWrong) {
    const auto complaint = [](auto change) {
        Options options;
        change(options);
        return check(options);
    };
    EXPECT_EQ(complaint([](Options& o) { o.mode = "sage"; }),
              "--mode: expected saga, tcc, msg, xa or workflow, got 'sage'");
    EXPECT_EQ(complaint([](Options& o) { o.branches = 51; }), "--branches: expected 1 to 50");
    EXPECT_EQ(complaint([](Options& o) { o.connections = 0; }), "--connections: expected 1 to 20000");
    EXPECT_EQ(complaint([](Options& o) { o.seconds = 0; }), "--seconds: expected more than 0");
    EXPECT_EQ(complaint([](Options& o) { o.rate = -1; }), "--rate: expected at least 0");
    EXPECT_EQ(complaint([](Options& o) {
                  o.failures = 5;
                  o.mode = "tcc";
              }),
              "--failures: only actions of a saga may refuse");
    EXPECT_EQ(complaint([](Options& o) {
                  o.outage_at = 8;
                  o.outage_for = 3;
              }),
              "--outage: it must end within the measurement (--seconds)");
}

TEST(Kind, HasItsNameOnTheWire) {
    for (const char* const word : {"saga", "tcc", "msg", "xa", "workflow"}) {
        ASSERT_TRUE(parse_kind(word)) << word;
        EXPECT_EQ(name(*parse_kind(word)), word);
    }
    EXPECT_FALSE(parse_kind("message"));
}

}  // namespace
}  // namespace dtmd::bench
