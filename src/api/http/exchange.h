#pragma once

#include "engine/engine.h"
#include "net/http_types.h"
#include "observe/metrics.h"

#include <string>
#include <string_view>
#include <utility>

namespace dtmd::api {

/// One request that waits for its answer, and what is counted about it. Answered exactly once, by `send`.
class Exchange {
public:
    /// @param name  of the route in the metrics (a literal); empty: the request is not counted.
    Exchange(net::Respond respond, observe::ApiMetrics& metrics, Loop& home, std::string_view name);
    Exchange(Exchange&& other) noexcept;
    Exchange& operator=(Exchange&&) = delete;
    ~Exchange() = default;

    /// Nothing happens if it was answered or moved away before.
    void send(net::HttpResponse response);

    /// 200 with this JSON.
    void send_json(std::string body);

    /// `{"message":"..."}`, the form of every error of ours and of dtm's 500s.
    void send_message(unsigned status, std::string_view message);

    void send_answer(engine::Answer answer);

private:
    net::Respond respond_;
    observe::ApiMetrics* metrics_;  ///< Null once answered or moved away.
    Loop* home_;
    std::string_view name_;
    std::chrono::microseconds began_;
};

/// An answer of the engine in HTTP (protocol.md 1.0): the only place where its kinds become status codes.
net::HttpResponse to_response(const engine::Answer& answer);

/// A reply that sends the engine's answer as it is.
engine::Reply reply_to(Exchange& exchange);

/// A reply that sends `show(value)`, a JSON text, on success.
template <class T, class Show>
engine::ReplyWith<T> reply_with(Exchange& exchange, Show show) {
    return [waiting = std::move(exchange), show = std::move(show)](engine::Answer answer, T value) mutable {
        if (answer.kind == engine::Answer::Kind::success) {
            waiting.send_json(show(value));
        } else {
            waiting.send_answer(std::move(answer));
        }
    };
}

}  // namespace dtmd::api
