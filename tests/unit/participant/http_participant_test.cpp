#include "unit/participant/running_participant.h"
#include "unit/participant/scripted_server.h"

#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;
using txn::Answer;

bool says(const Reply& reply, std::string_view words) { return reply.text.find(words) != std::string::npos; }

TEST(HttpParticipant, CallsAndTakesTheAnswer) {
    std::promise<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
        seen.set_value(peer.read_request());
        peer.answer(200, R"({"dtm_result":"SUCCESS"})");
        peer.wait_for_close();
    });
    RunningParticipant caller;
    const Reply reply = caller.call(call_of(server.url("/a?x=1"), R"({"amount":30})"));
    EXPECT_EQ(reply.answer, Answer::success);
    EXPECT_EQ(reply.code, 200);
    EXPECT_TRUE(reply.reached);
    EXPECT_GT(reply.took, 0us);
    const std::string request = seen.get_future().get();
    EXPECT_TRUE(request.starts_with("POST /a?x=1&branch_id=01&gid=gs1&op=action&trans_type=saga HTTP/1.1\r\n"));
    EXPECT_TRUE(request.ends_with("\r\n\r\n{\"amount\":30}"));
}

TEST(HttpParticipant, ReportsWhatTheServerSaid) {
    ScriptedServer failure(always(409, "no money")), ongoing(always(425, "")), broken(always(500, "oops"));
    RunningParticipant caller;
    EXPECT_EQ(caller.call(failure.url("/")).answer, Answer::failure);
    EXPECT_EQ(caller.call(ongoing.url("/")).answer, Answer::ongoing);
    const Reply reply = caller.call(broken.url("/"));
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_EQ(reply.code, 500);
    EXPECT_TRUE(reply.reached);
}

TEST(HttpParticipant, NeverAnswersInsideTheCall) {
    RunningParticipant caller;
    std::promise<bool> nested;
    caller.loop().post([&] {
        auto is_inside = std::make_shared<bool>(true);
        caller.participant().call(call_of("no url"), [&, is_inside](const Reply&) { nested.set_value(*is_inside); });
        *is_inside = false;
    });
    EXPECT_FALSE(nested.get_future().get());
}

TEST(HttpParticipant, AnswersForUrlsThatCannotBeCalled) {
    RunningParticipant caller;
    for (const char* url : {"nonsense", "http://", "grpc://h/x", "http://h:99999/"}) {
        const Reply reply = caller.call(url);
        EXPECT_EQ(reply.answer, Answer::unknown);
        EXPECT_TRUE(says(reply, "can't be called")) << reply.text;
        EXPECT_TRUE(reply.reached) << "no host is to blame";
        EXPECT_EQ(reply.code, 0);
    }
}

TEST(HttpParticipant, SaysWhoCouldNotBeReachedAndWhy) {
    std::uint16_t port = 0;
    {
        ScriptedServer gone(always(200, ""));
        port = gone.port();
    }
    RunningParticipant caller;
    const Reply refused = caller.call("http://127.0.0.1:" + std::to_string(port) + "/a?secret=1");
    EXPECT_EQ(refused.answer, Answer::unknown);
    EXPECT_FALSE(refused.reached);
    EXPECT_TRUE(says(refused, "unkown result will be retried: http://127.0.0.1:" + std::to_string(port) +
                                  "/a: cannot connect: Connection refused"))
        << refused.text;
    const Reply nameless = caller.call("http://no-such-host.invalid/a");
    EXPECT_FALSE(nameless.reached);
    EXPECT_TRUE(says(nameless, "http://no-such-host.invalid/a: cannot find the host: ")) << nameless.text;
}

TEST(HttpParticipant, GivesUpWhenTheTimeIsUpAndHasClosedByThen) {
    std::promise<bool> closed;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        closed.set_value(peer.wait_for_close());
    });
    RunningParticipant caller;
    const auto start = std::chrono::steady_clock::now();
    const Reply reply = caller.call(server.url("/slow"), 100ms);
    const auto took = std::chrono::steady_clock::now() - start;
    EXPECT_GE(took, 100ms);
    EXPECT_LT(took, 5s);
    EXPECT_GE(reply.took, 100ms);
    EXPECT_EQ(reply.answer, Answer::unknown);
    EXPECT_FALSE(reply.reached);
    EXPECT_TRUE(says(reply, "/slow: no answer within 100 ms")) << reply.text;
    EXPECT_TRUE(closed.get_future().get());
}

TEST(HttpParticipant, CountsAnAnswerThatDripsAgainstTheTime) {
    ScriptedServer server([](Peer& peer) {
        peer.read_request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
        while (true) {
            peer.send("x");
            if (peer.read_request().empty()) return;
        }
    });
    RunningParticipant caller;
    EXPECT_TRUE(says(caller.call(server.url("/"), 80ms), "no answer within 80 ms"));
}

TEST(HttpParticipant, LimitsConnectingByItself) {
    // A full backlog: connections to it are neither accepted nor refused.
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ASSERT_EQ(bind(listener, reinterpret_cast<const sockaddr*>(&address), size), 0);
    ASSERT_EQ(listen(listener, 0), 0);
    ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size), 0);
    const int first = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(connect(first, reinterpret_cast<const sockaddr*>(&address), size), 0);

    HttpParticipantOptions options;
    options.connect_timeout = 100ms;
    RunningParticipant caller(options);
    const Reply reply = caller.call("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/");
    EXPECT_TRUE(says(reply, "no connection within 100 ms")) << reply.text;
    EXPECT_FALSE(reply.reached);
    close(first);
    close(listener);
}

TEST(HttpParticipant, KeepsConnectionsAndTakesTheLastUsedFirst) {
    ScriptedServer server([](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(200, "on connection " + std::to_string(peer.number()));
    });
    RunningParticipant caller;
    for (int i = 0; i < 5; ++i) EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_EQ(server.connections(), 1);
}

TEST(HttpParticipant, OpensOneConnectionPerCallUnderWay) {
    std::atomic<int> waiting = 0;
    ScriptedServer server([&](Peer& peer) {
        while (!peer.read_request().empty()) {
            ++waiting;
            while (waiting < 10) std::this_thread::yield();
            peer.answer(200, "");
        }
    });
    RunningParticipant caller;
    std::vector<std::future<Reply>> replies;
    for (int i = 0; i < 10; ++i) replies.push_back(caller.start(call_of(server.url("/"))));
    for (auto& reply : replies) EXPECT_EQ(reply.get().answer, Answer::success);
    EXPECT_EQ(server.connections(), 10);
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_EQ(server.connections(), 10);
}

TEST(HttpParticipant, ClosesWhatHasBeenIdleForTooLong) {
    std::promise<bool> closed;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(200, "");
        closed.set_value(peer.wait_for_close());
    });
    HttpParticipantOptions options;
    options.idle_timeout = 50ms;
    RunningParticipant caller(options);
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_TRUE(closed.get_future().get());
}

TEST(HttpParticipant, DropsConnectionsThatTheirPeerHasClosed) {
    // The peer closes its side only; it sees ours closed although we have nothing to call.
    std::promise<bool> closed;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        peer.answer(200, "");
        peer.end_sending();
        closed.set_value(peer.wait_for_close());
    });
    RunningParticipant caller;
    EXPECT_EQ(caller.call(server.url("/")).answer, Answer::success);
    EXPECT_TRUE(closed.get_future().get());
}

TEST(HttpParticipant, PointsLocalhostOutOfTheContainer) {
    HttpParticipantOptions options;
    options.docker = true;
    options.connect_timeout = 300ms;
    RunningParticipant caller(options);
    for (const char* url : {"http://localhost:1/a?to=localhost", "http://127.0.0.1:1/a"}) {
        const Reply reply = caller.call(url);
        EXPECT_TRUE(says(reply, "http://host.docker.internal:1/a: ")) << reply.text;
    }
    ScriptedServer server(always(200, ""));
    const std::string other = "http://127.0.0.2:" + std::to_string(server.port()) + "/localhost";
    EXPECT_TRUE(says(caller.call(other), "http://127.0.0.2:")) << "only localhost itself is meant";
}

TEST(HttpParticipant, FindsHostsByName) {
    ScriptedServer server(always(200, ""));
    RunningParticipant caller;
    std::vector<std::future<Reply>> replies;
    for (int i = 0; i < 4; ++i) {
        replies.push_back(caller.start(call_of("http://localhost:" + std::to_string(server.port()) + "/")));
    }
    for (auto& reply : replies) EXPECT_EQ(reply.get().answer, Answer::success);
}

TEST(HttpParticipant, CallsByJsonRpc) {
    std::promise<std::string> seen;
    ScriptedServer server([&](Peer& peer) {
        seen.set_value(peer.read_request());
        peer.answer(200, R"({"jsonrpc":"2.0","id":"1","error":{"code":-32901,"message":"no money"}})");
    });
    RunningParticipant caller;
    Call call = call_of(server.url("/rpc?method=in"), R"({"amount":1})");
    call.protocol = "json-rpc";
    EXPECT_EQ(caller.call(call).answer, Answer::failure);
    EXPECT_NE(seen.get_future().get().find(R"("method":"in")"), std::string::npos);
}

TEST(HttpParticipant, NeedsTheCallersViewsOnlyUntilTheCallHasBegun) {
    ScriptedServer server([](Peer& peer) {
        while (!peer.read_request().empty()) peer.answer(200, R"({"error":{"code":-32902}})");
    });
    RunningParticipant caller;
    std::promise<Reply> replied;
    caller.loop().post([&] {
        const auto protocol = std::make_unique<std::string>("json-rpc");
        const auto mode = std::make_unique<std::string>("a mode too long to be stored without the heap");
        Call call = call_of(server.url("/rpc?method=in"));
        call.protocol = *protocol;
        call.trans_type = *mode;
        caller.participant().call(std::move(call), [&](Reply reply) { replied.set_value(std::move(reply)); });
    });
    EXPECT_EQ(replied.get_future().get().answer, Answer::ongoing);
}

TEST(HttpParticipant, DropsOpenCallsWhenItGoes) {
    std::promise<bool> asked, closed;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        asked.set_value(true);
        closed.set_value(peer.wait_for_close());
    });
    RunningParticipant caller;
    auto reply = caller.start(call_of(server.url("/")));
    EXPECT_TRUE(asked.get_future().get());
    caller.destroy();
    EXPECT_THROW(reply.get(), std::future_error);
    EXPECT_TRUE(closed.get_future().get());
}

TEST(HttpParticipant, MayGoWithCallsOpenAndItsLoopStopped) {
    std::promise<bool> asked;
    ScriptedServer server([&](Peer& peer) {
        peer.read_request();
        asked.set_value(true);
        peer.wait_for_close();
    });
    std::future<Reply> reply, name;
    {
        RunningParticipant caller;
        reply = caller.start(call_of(server.url("/")));
        name = caller.start(call_of("http://no-such-host.invalid/"));
        EXPECT_TRUE(asked.get_future().get());
    }
    EXPECT_THROW(reply.get(), std::future_error);
}

TEST(HttpParticipant, MayBeDestroyedByAnAnswer) {
    ScriptedServer server(always(200, ""));
    net::AsioLoop loop;
    auto participant = make_http_participant(loop, {});
    int answers = 0;
    loop.post([&] {
        for (int i = 0; i < 3; ++i) {
            participant->call(call_of(server.url("/")), [&](const Reply&) {
                ++answers;
                participant.reset();
                loop.after(50ms, [&] { loop.stop(); });
            });
        }
    });
    loop.run();
    EXPECT_EQ(answers, 1);
}

}  // namespace
}  // namespace dtmd::participant
