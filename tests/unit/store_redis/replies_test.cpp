#include "store/redis/refusal.h"
#include "store/redis/reply.h"
#include "store/redis/server_check.h"

#include <gtest/gtest.h>

namespace dtmd::store::redis {
namespace {

const Address server{"redis1", 6379};

TEST(Replies, AreCutFromAnyPiecesOfTheStream) {
    const std::string whole("*3\r\n:7\r\n$4\r\na\r\n\0\r\n*1\r\n$-1\r\n+OK\r\n-ERR no\r\n", 41);
    for (std::size_t piece = 1; piece < whole.size(); ++piece) {
        ReplyReader reader;
        std::vector<Reply> replies;
        for (std::size_t at = 0; at < whole.size(); at += piece) {
            reader.feed(std::string_view(whole).substr(at, piece));
            while (true) {
                auto reply = reader.next();
                ASSERT_TRUE(reply) << reply.error().what;
                if (!*reply) break;
                replies.push_back(**std::move(reply));
            }
        }
        ASSERT_EQ(replies.size(), 3u);
        EXPECT_EQ(replies[0].items.at(0).integer, 7);
        EXPECT_EQ(replies[0].at(1), std::string("a\r\n\0", 4));
        EXPECT_EQ(replies[0].items.at(2).items.at(0).kind, Reply::Kind::nil);
        EXPECT_EQ(replies[1].text, "OK");
        EXPECT_TRUE(replies[2].is_error());
        EXPECT_EQ(replies[0].at(9), "");
    }
}

TEST(Replies, OfAnotherProtocolAreNoticed) {
    ReplyReader reader;
    reader.feed("HTTP/1.1 400 Bad Request\r\n");
    const auto reply = reader.next();
    ASSERT_FALSE(reply);
    EXPECT_NE(reply.error().what.find("port"), std::string::npos);
}

TEST(Replies, CommandsAreFramedByTheirLengths) {
    EXPECT_EQ(command("SET", std::string("k\r\n"), ""), "*3\r\n$3\r\nSET\r\n$3\r\nk\r\n\r\n$0\r\n\r\n");
}

TEST(Refusals, SayWhetherItCanHaveHappened) {
    struct Row {
        const char* error;
        Refusal kind;
        Errc code;
    };
    const Row rows[] = {
        {"NOSCRIPT No matching script.", Refusal::no_script, Errc::unavailable},
        {"MOVED 3999 127.0.0.1:6381", Refusal::moved, Errc::unavailable},
        {"ASK 3999 127.0.0.1:6381", Refusal::asked, Errc::unavailable},
        {"TRYAGAIN Multiple keys request during rehashing of slot", Refusal::try_again, Errc::unavailable},
        {"READONLY You can't write against a read only replica.", Refusal::not_primary, Errc::unavailable},
        {"LOADING Redis is loading the dataset in memory", Refusal::refused, Errc::unavailable},
        {"MASTERDOWN Link with MASTER is down", Refusal::not_primary, Errc::unavailable},
        {"CLUSTERDOWN The cluster is down", Refusal::not_primary, Errc::unavailable},
        {"OOM command not allowed when used memory > 'maxmemory'. script: 1, on @user_script:3.",
         Refusal::out_of_memory, Errc::unavailable},
        {"ERR Error running script (call to f_1): @user_script:2: @user_script: 2: -OOM command not allowed",
         Refusal::out_of_memory, Errc::unavailable},
        {"ERR Error running script (call to f_1): @user_script:2: -READONLY You can't write", Refusal::not_primary,
         Errc::unavailable},
        {"MISCONF Redis is configured to save RDB snapshots", Refusal::refused, Errc::unavailable},
        {"NOREPLICAS Not enough good replicas to write.", Refusal::refused, Errc::unavailable},
        {"NOPERM this user has no permissions", Refusal::refused, Errc::unavailable},
        {"ERR Error running script (call to f_1): @user_script:9: nil", Refusal::failed, Errc::unknown},
        {"WRONGTYPE Operation against a key", Refusal::failed, Errc::unknown},
        {"SOMETHING new", Refusal::failed, Errc::unknown},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(kind_of(row.error), row.kind) << row.error;
        const Error error = explain(row.error, server);
        EXPECT_EQ(error.code, row.code) << row.error;
        EXPECT_NE(error.what.find("redis1:6379"), std::string::npos);
        EXPECT_NE(error.what.find(row.error), std::string::npos);
    }
}

TEST(Refusals, RedirectionsAreRead) {
    const auto moved = redirect_of("MOVED 3999 127.0.0.1:6381");
    ASSERT_TRUE(moved);
    EXPECT_EQ(moved->slot, 3999);
    EXPECT_EQ(moved->to, (Address{"127.0.0.1", 6381}));
    EXPECT_EQ(redirect_of("ASK 1 ::1:6381")->to, (Address{"::1", 6381}));
    EXPECT_EQ(redirect_of("MOVED 1 :6381")->to, (Address{"", 6381}));
    for (const char* bad : {"MOVED", "MOVED 1", "MOVED x 1:2", "MOVED 99999 a:1", "MOVED 1 a", "MOVED 1 a:x"}) {
        EXPECT_FALSE(redirect_of(bad)) << bad;
    }
}

TEST(Durability, IsJudgedByWhatACrashCouldLose) {
    const ServerFacts good{.appendonly = "yes",
                           .appendfsync = "always",
                           .maxmemory = "0",
                           .maxmemory_policy = "noeviction",
                           .has_replicas = false,
                           .is_watched = false,
                           .wait_replicas = 0};
    EXPECT_EQ(judge(good, server), Durability{});
    struct Row {
        void (*change)(ServerFacts&);
        bool is_durable;
        const char* says;
    };
    const Row rows[] = {
        {[](ServerFacts& f) { f.appendonly = "no"; }, false, "appendonly yes"},
        {[](ServerFacts& f) { f.appendfsync = "no"; }, false, "appendfsync is no"},
        {[](ServerFacts& f) { f.appendfsync = "everysec"; }, true, "last second"},
        {[](ServerFacts& f) { f.appendfsync = ""; }, false, "CONFIG GET"},
        {[](ServerFacts& f) { f.maxmemory = "100", f.maxmemory_policy = "volatile-lru"; }, false, "noeviction"},
        {[](ServerFacts& f) { f.is_watched = true; }, true, "failover"},
        {[](ServerFacts& f) { f.has_replicas = true; }, true, "failover"},
        {[](ServerFacts& f) { f.appendfsync = "everysec", f.appendonly = "no"; }, false, "appendonly yes"},
    };
    for (const auto& row : rows) {
        ServerFacts facts = good;
        row.change(facts);
        const auto durability = judge(facts, server);
        EXPECT_EQ(durability.is_durable, row.is_durable) << row.says;
        ASSERT_FALSE(durability.notes.empty()) << row.says;
        EXPECT_NE(durability.notes[0].find(row.says), std::string::npos) << durability.notes[0];
    }
    ServerFacts waiting = good;
    waiting.is_watched = waiting.has_replicas = true;
    waiting.wait_replicas = 1;
    EXPECT_EQ(judge(waiting, server), Durability{});
}

}  // namespace
}  // namespace dtmd::store::redis
