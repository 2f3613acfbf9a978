#include "bench/options.h"

#include <gtest/gtest.h>

namespace dtmd::bench {
namespace {

TEST(Options, AreFineAsTheyAre) { EXPECT_EQ(check(completed({})), ""); }

TEST(Options, FillInWhatWasNotSaid) {
    struct Row {
        const char *server, *protocol, *branches, *full_server, *full_protocol, *full_branches;
    };
    const Row rows[] = {
        {"", "", "", "http://127.0.0.1:36789", "http", "http"},
        {"", "grpc", "", "grpc://127.0.0.1:36790", "grpc", "grpc"},
        {"grpc://h:1", "", "", "grpc://h:1", "grpc", "grpc"},
        {"h:1", "grpc", "http", "h:1", "grpc", "http"},
        {"http://h:1", "", "grpc", "http://h:1", "http", "grpc"},
    };
    for (const Row& row : rows) {
        Options said;
        said.server = row.server;
        said.protocol = row.protocol;
        said.branch_protocol = row.branches;
        const Options options = completed(said);
        EXPECT_EQ(options.server, row.full_server);
        EXPECT_EQ(options.protocol, row.full_protocol);
        EXPECT_EQ(options.branch_protocol, row.full_branches);
        EXPECT_EQ(check(options), "");
    }
}

TEST(Options, SayWhatIsWrong) {
    const auto complaint = [](auto change) {
        Options options;
        change(options);
        return check(completed(options));
    };
    EXPECT_EQ(complaint([](Options& o) { o.mode = "sage"; }),
              "--mode: expected saga, tcc, msg, xa or workflow, got 'sage'");
    EXPECT_EQ(complaint([](Options& o) { o.protocol = "smtp"; }), "--protocol: expected http or grpc, got 'smtp'");
    EXPECT_EQ(complaint([](Options& o) { o.branch_protocol = "smtp"; }),
              "--branch-protocol: expected http or grpc, got 'smtp'");
    EXPECT_EQ(complaint([](Options& o) { o.server = "h:1"; }), "--server: expected http://HOST:PORT, got 'h:1'");
    EXPECT_EQ(complaint([](Options& o) {
                  o.server = "http://h:1";
                  o.protocol = "grpc";
              }),
              "--server: expected grpc://HOST:PORT or HOST:PORT for --protocol grpc, got 'http://h:1'");
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
