#include "unit/participant/running_participant.h"
#include "unit/participant/scripted_server.h"

#include <gtest/gtest.h>

// What servers may send, and how connections may end.
namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;
using txn::Answer;

struct Row {
    const char* rule;
    std::string answer;  ///< Sent to the first request; the connection is closed then.
    Answer expected;
    std::string says;
    bool reached = true;
};

const Row answers[] = {
    {"a length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", Answer::success, ""},
    {"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nFAILURE\r\n0\r\n\r\n", Answer::failure,
     "FAILURE"},
    {"a body up to the end", "HTTP/1.1 200 OK\r\n\r\nup to the end: FAILURE", Answer::failure,
     "up to the end: FAILURE"},
    {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\nok", Answer::success, ""},
    {"interim answers",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 409 No\r\nContent-Length: 0\r\n\r\n",
     Answer::failure, "FAILURE"},
    {"204 without a length", "HTTP/1.1 204 No Content\r\n\r\n", Answer::unknown, "HTTP status 204"},
    {"a redirect", "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n", Answer::unknown,
     "HTTP status 302"},
    {"an upgrade nobody asked for", "HTTP/1.1 101 Switching\r\n\r\n", Answer::unknown, "HTTP status 101"},
    {"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", Answer::unknown, "is not valid HTTP", false},
    {"a body cut off", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", Answer::unknown,
     "in the middle of the answer", false},
    {"chunks cut off", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nFAIL", Answer::unknown,
     "in the middle of the answer", false},
    {"headers cut off", "HTTP/1.1 200 OK\r\nContent-Le", Answer::unknown, "in the middle of the answer", false},
    {"nothing at all", "", Answer::unknown, "ended before an answer came", false},
    {"a length too large", "HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n", Answer::unknown,
     "larger than 1000 bytes (Limits.MaxResponse)", false},
    {"chunks too large", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + std::string(2000, 'x'),
     Answer::unknown, "larger than 1000 bytes", false},
    {"a body too large", "HTTP/1.1 200 OK\r\n\r\n" + std::string(2000, 'x'), Answer::unknown, "larger than 1000 bytes",
     false},
    {"headers too large", "HTTP/1.1 200 OK\r\nX: " + std::string(100'000, 'x'), Answer::unknown, "is not valid HTTP",
     false},
};

TEST(HttpConnection, TakesWhatServersSend) {
    for (const Row& row : answers) {
        SCOPED_TRACE(row.rule);
        ScriptedServer server([&](Peer& peer) {
            peer.read_request();
            peer.send(row.answer);
            peer.end_sending();
            peer.wait_for_close();
        });
        HttpParticipantOptions options;
        options.max_response = 1000;
        RunningParticipant caller(options);
        const Reply reply = caller.call(server.url("/"));
        EXPECT_EQ(reply.answer, row.expected);
        EXPECT_EQ(reply.reached, row.reached);
        EXPECT_NE(reply.text.find(row.says), std::string::npos) << reply.text;
        EXPECT_EQ(server.connections(), 1);
    }
}

TEST(HttpConnection, TakesAnAnswerInSingleBytes) {
    ScriptedServer server([](Peer& peer) {
        peer.read_request();
        for (const char c : std::string("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nFAILURE")) {
            peer.send({&c, 1});
            std::this_thread::yield();
        }
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::failure);
}

TEST(HttpConnection, SendsLargeBodies) {
    std::promise<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
        seen.set_value(peer.read_request());
        peer.answer(200, "");
    });
    RunningParticipant caller;
    const std::string body(5'000'000, 'x');
    EXPECT_EQ(caller.call(call_of(server.url("/"), body)).answer, Answer::success);
    EXPECT_TRUE(seen.get_future().get().ends_with(body));
}

TEST(HttpConnection, HearsAnAnswerThatComesBeforeTheRequestIsRead) {
    ScriptedServer server([](Peer& peer) {
        peer.answer(409, "too much");
        peer.wait_for_close();
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(call_of(server.url("/"), std::string(1'000'000, 'x'))).answer, Answer::failure);
}

TEST(HttpConnection, IsNotKeptIfTheServerSaysSoOrSentTooMuch) {
    for (const char* answer : {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
                               "HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n",
                               "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 409 Smuggled\r\n"}) {
        ScriptedServer server([&](Peer& peer) {
            peer.read_request();
            peer.send(answer);
            peer.wait_for_close();
        });
        RunningParticipant caller;
        EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
        EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
        EXPECT_EQ(server.connections(), 2) << answer;
    }
}

// The first connection is closed after its first answer, at the moment of its second request or before.
TEST(HttpConnection, IsReplacedOnceIfItHadGoneStale) {
    for (const bool by_reset : {false, true}) {
        ScriptedServer server([&](Peer& peer) {
            peer.read_request();
            peer.answer(200, "");
            if (peer.number() == 0) {
                if (peer.read_request().empty()) ADD_FAILURE() << "the connection was not used again";
                if (by_reset) peer.reset();
                return;
            }
            peer.wait_for_close();
        });
        RunningParticipant caller;
        EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
        EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
        EXPECT_EQ(server.connections(), 2);
    }
}

TEST(HttpConnection, IsReplacedOnlyOnce) {
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        if (peer.number() > 0) return;
        peer.answer(200, "");
        peer.read_request();
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    const Reply reply = caller.call(server.url("/"));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_FALSE(reply.reached);
    EXPECT_EQ(server.connections(), 2);
}

TEST(HttpConnection, IsNotReplacedOnceTheAnswerHasBegun) {
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(200, "");
        peer.read_request();
        peer.send("H");
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::unknown);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpConnection, IsNotReplacedIfThePeerHadTimeToWorkOnTheCall) {
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(200, "");
        peer.read_request();
        std::this_thread::sleep_for(700ms);
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::unknown);
    EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace dtmd::participant
