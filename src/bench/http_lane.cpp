#include "bench/http_lane.h"

namespace dtmd::bench {
namespace {

using participant::HttpAnswer;
using participant::HttpConnection;

constexpr std::size_t max_answer = 1 << 20;

Answer::Kind kind_of(int status) {
    switch (status) {
        case 200: return Answer::Kind::success;
        case 409: return Answer::Kind::failure;
        case 425:
        case 500: return Answer::Kind::no_result;
        case 503: return Answer::Kind::busy;
        default: return Answer::Kind::other;
    }
}

}  // namespace

std::size_t HttpLane::begin(const std::string& gid, bool refused) {
    requests_ = script_.requests(gid, refused);
    return requests_.size();
}

boost::asio::awaitable<Answer> HttpLane::ask(std::size_t which) {
    if (!connection_) {
        connection_ = std::make_unique<HttpConnection>(loop_.context(), nullptr);
        const auto connected = co_await connection_->connect(server_, "");
        if (!connected) {
            connection_ = nullptr;
            co_return Answer{Answer::Kind::lost, connected.error().what};
        }
    }
    std::string bytes = serialize(requests_[which]);
    const Result<HttpAnswer> answer = co_await connection_->exchange(std::move(bytes), max_answer);
    if (!answer || !answer->keep_alive) connection_ = nullptr;
    if (!answer) co_return Answer{Answer::Kind::lost, answer.error().what};
    if (answer->status == 200) co_return Answer{Answer::Kind::success, ""};
    co_return Answer{kind_of(answer->status), std::to_string(answer->status) + " " + answer->body.substr(0, 200)};
}

std::string HttpLane::serialize(const Request& request) const {
    return "POST /api/dtmsvr/" + request.path + " HTTP/1.1\r\nHost: " + authority_ +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(request.body.size()) + "\r\n\r\n" +
           request.body;
}

}  // namespace dtmd::bench
