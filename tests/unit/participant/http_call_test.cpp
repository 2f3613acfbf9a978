#include "unit/participant/running_participant.h"
#include "unit/participant/scripted_server.h"

#include <gtest/gtest.h>

#include <optional>

// What Participant promises of every call, at the places where it is easily broken.
namespace dtmd::participant {
namespace {

using namespace std::chrono_literals;
using txn::Answer;

// Whether `done` ran inside call().
bool answers_inside(RunningParticipant& caller, std::string url) {
    std::promise<bool> nested;
    caller.loop().post([&] {
        auto is_inside = std::make_shared<bool>(true);
        caller.participant().call(call_of(std::move(url)),
                                  [&, is_inside](const Reply&) { nested.set_value(*is_inside); });
        *is_inside = false;
    });
    return nested.get_future().get();
}

TEST(HttpCall, IsNeverAnsweredInsideWhateverIsRemembered) {
    ScriptedServer server(always(200, ""));
    RunningParticipant caller;
    // The second time, that there is no such host is known already, and a connection waits.
    for (int i = 0; i < 2; ++i) {
        EXPECT_FALSE(answers_inside(caller, "http://no-such-host.invalid/"));
        EXPECT_FALSE(answers_inside(caller, "https://no-such-host.invalid/"));
        EXPECT_FALSE(answers_inside(caller, server.url("/")));
        EXPECT_FALSE(answers_inside(caller, "http://127.0.0.1:99999/"));
    }
}

TEST(HttpCall, MayBeMadeFromAnAnswer) {
    RunningParticipant caller;
    std::promise<int> depth;
    caller.call("http://no-such-host.invalid/");
    int calls = 0;
    std::function<void()> again = [&] {
        caller.participant().call(call_of("http://no-such-host.invalid/"), [&](const Reply&) {
            if (++calls == 1000) return depth.set_value(calls);
            again();
        });
    };
    caller.loop().post([&] { again(); });
    EXPECT_EQ(depth.get_future().get(), 1000);
}

// Neither header nor body: no limit of those counts it.
TEST(HttpCall, DoesNotKeepEndlessChunkExtensionsOrTrailers) {
    for (const char* beginning : {"1;x=", "1\r\nx\r\n0\r\nX: "}) {
        ScriptedServer server([&](Peer& peer) {
            peer.read_request();
            peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + std::string(beginning));
            peer.send(std::string(4'000'000, 'x'));
            peer.wait_for_close();
        });
        RunningParticipant caller;
        const Reply reply = caller.call(server.url("/"));
        EXPECT_EQ(reply.answer, Answer::unknown);
        EXPECT_FALSE(reply.reached);
        EXPECT_NE(reply.text.find("is not valid HTTP"), std::string::npos) << reply.text;
    }
}

// A mix of everything at once, through one participant.
TEST(HttpCall, EndsExactlyOnceUnderFire) {
    ScriptedServer server([](Peer& peer) {
        for (int i = 0; true; ++i) {
            const std::string request = peer.read_request();
            if (request.empty()) return;
            const int kind = (peer.number() + i) % 6;
            if (kind == 0) return peer.reset();
            if (kind == 1) return peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut");
            if (kind == 2) {
                peer.wait_for_close();
                return;
            }
            peer.answer(kind == 3 ? 409 : 200, "");
        }
    });
    RunningParticipant caller;
    constexpr int calls = 200;
    std::atomic<int> ended = 0, definite = 0;
    std::promise<void> done;
    caller.loop().post([&] {
        for (int i = 0; i < calls; ++i) {
            Call call = call_of(server.url("/"), i % 2 == 0 ? "{}" : "");
            call.timeout = Millis(20 + i);
            caller.participant().call(std::move(call), [&](const Reply& reply) {
                if (reply.answer != Answer::unknown) ++definite;
                if (++ended == calls) done.set_value();
            });
        }
    });
    ASSERT_EQ(done.get_future().wait_for(20s), std::future_status::ready);
    caller.destroy();
    EXPECT_EQ(ended, calls);
    EXPECT_GT(definite, 0);
}

}  // namespace
}  // namespace dtmd::participant
