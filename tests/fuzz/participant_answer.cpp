#include "api/json/json_write.h"
#include "net/asio_loop.h"
#include "participant/grpc/grpc_message.h"
#include "participant/http/http_connection.h"
#include "participant/http/http_participant.h"
#include "participant/http/interpret.h"
#include "target.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>

#include <optional>
#include <string>

namespace dtmd::fuzz {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Exchanged = std::optional<Result<participant::HttpAnswer>>;

constexpr std::size_t max_body = 8 << 10;

asio::awaitable<void> ask(participant::HttpConnection& connection, participant::Endpoints endpoints,
                          Exchanged& exchanged) {
    const Result<void> connected = co_await connection.connect(std::move(endpoints), "127.0.0.1");
    check(connected.has_value(), "our own listener accepts");
    exchanged = co_await connection.exchange("GET / HTTP/1.1\r\nHost: x\r\n\r\n", max_body);
}

// A participant on a real socket, since a connection makes its own; one for all inputs.
class Listener {
public:
    Listener() : acceptor_(network_.context(), tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

    /// What our side makes of an answer that arrives in pieces of this size, and then ends.
    Exchanged answer(std::string_view bytes, std::size_t piece) {
        Exchanged exchanged;
        {
            participant::HttpConnection connection(network_.context(), nullptr);
            participant::Endpoints endpoints{acceptor_.local_endpoint()};
            asio::co_spawn(network_.context(), ask(connection, std::move(endpoints), exchanged),
                           [](const std::exception_ptr& failed) { check(!failed, "an exchange throws nothing"); });
            poll();
            tcp::socket peer = acceptor_.accept();
            // Reset at the end: else thousands of connections a second would use up all ports.
            peer.set_option(asio::socket_base::linger(true, 0));
            poll();
            boost::system::error_code gone;
            for (std::size_t at = 0; at < bytes.size() && !exchanged && !gone; at += piece) {
                asio::write(peer, asio::buffer(bytes.substr(at, piece)), gone);
                poll();
            }
            peer.shutdown(tcp::socket::shutdown_send, gone);
            for (int i = 0; i < 1000 && !exchanged; ++i) poll();
            check(exchanged.has_value(), "an exchange ends with its connection");
            peer.close(gone);
        }
        poll();
        return exchanged;
    }

private:
    void poll() {
        network_.context().restart();
        network_.context().poll();
    }

    net::AsioLoop network_;
    tcp::acceptor acceptor_;
};

void check_reply(const participant::Reply& reply, std::string_view body) {
    check(reply.text.size() <= txn::max_error_text, "what a participant says is cut to what is stored");
    check(api::is_utf8(reply.text), "what a participant says is stored as text");
    const auto says = [&](std::string_view word) { return body.find(word) != body.npos; };
    switch (reply.answer) {
        case txn::Answer::success: return check(reply.text.empty(), "a success needs no words");
        case txn::Answer::failure:
            check(reply.code == 409 || says("FAILURE") || says("-32901") || says("3290"), "only a failure is one");
            check(reply.text.ends_with("FAILURE"), "a failure's text ends in FAILURE");
            break;
        case txn::Answer::ongoing: check(reply.text.ends_with("ONGOING"), "what goes on says ONGOING"); break;
        case txn::Answer::unknown: break;
    }
    check_message(reply.text);
}

void check_meaning(int status, const std::string& body) {
    const participant::Reply plain = participant::interpret_http(status, body);
    check_reply(plain, body);
    if (plain.answer == txn::Answer::success) check(status == 200, "only 200 is a success");
    const participant::Reply rpc = participant::interpret_json_rpc(status, body);
    check_reply(rpc, body);
    if (rpc.answer == txn::Answer::success) check(status == 200, "only 200 is a success");
    const auto code = static_cast<grpc::StatusCode>(status % 20);
    const participant::Reply grpc = participant::interpret_grpc(grpc::Status(code, body), "host:1/a.B/c");
    check(grpc.text.size() <= txn::max_error_text, "what a participant says is cut to what is stored");
    if (grpc.answer == txn::Answer::success) check(code == grpc::StatusCode::OK, "only OK is a success");
}

std::string described(const Exchanged& exchanged) {
    if (!exchanged->has_value()) {
        check_message(exchanged->error().what);
        return exchanged->error().what;
    }
    const participant::HttpAnswer& answer = **exchanged;
    check(answer.body.size() <= max_body, "a body is no larger than it may be");
    return std::to_string(answer.status) + (answer.keep_alive ? " open " : " closed ") + answer.body;
}

}  // namespace

// However the bytes are cut on their way, they mean the same.
void participant_answer(std::string_view input) {
    static Listener listener;
    const Exchanged whole = listener.answer(input, std::max<std::size_t>(input.size(), 1));
    const std::string once = described(whole);
    if (whole->has_value()) check_meaning((*whole)->status, (*whole)->body);
    if (input.size() > 4096) return;
    const Exchanged cut = listener.answer(input, input.size() < 32 ? 1 : 1 + input.size() / 13);
    // Whether the connection can be used again may hang on what has arrived by then: an answer with something behind.
    if (whole->has_value() != cut->has_value()) check_equal(described(cut), once, "how bytes are cut changes nothing");
    if (!whole->has_value()) return;
    check((*whole)->status == (*cut)->status, "how bytes are cut does not change the status");
    check_equal((*cut)->body, (*whole)->body, "how bytes are cut does not change the body");
}

}  // namespace dtmd::fuzz
