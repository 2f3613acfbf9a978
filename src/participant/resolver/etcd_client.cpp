#include "participant/resolver/etcd_client.h"

#include "participant/resolver/etcd_json.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>

#include <algorithm>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t max_answer = 64 << 20;

using Request = http::request<http::string_body>;
using Parser = http::response_parser<http::string_body>;

Request make_request(const std::string& member, const std::string& path, std::string body, const std::string& token) {
    Request request(http::verb::post, path, 11, std::move(body));
    request.set(http::field::host, member);
    request.set(http::field::content_type, "application/json");
    request.set(http::field::connection, "close");
    if (!token.empty()) request.set(http::field::authorization, token);
    request.prepare_payload();
    return request;
}

Error failed(std::string_view what, const beast::error_code& error) {
    return {Errc::unavailable, std::string(what) + ": " + error.message()};
}

asio::awaitable<Result<void>> connect(beast::tcp_stream& stream, std::string member) {
    const auto colon = member.rfind(':');
    std::string host = member.substr(0, colon), port = member.substr(colon + 1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    tcp::resolver resolver(stream.get_executor());
    const auto [unknown, addresses] =
        co_await resolver.async_resolve(host, port, tcp::resolver::numeric_service, as_values);
    if (unknown) co_return failed("cannot find the host", unknown);
    const auto [refused, endpoint] = co_await stream.async_connect(addresses, as_values);
    if (refused) co_return failed("cannot connect", refused);
    co_return Result<void>();
}

// Whether one of the whole lines in `text` tells of a change. They are taken out of it.
bool take_changes(std::string& text) {
    std::size_t start = 0;
    bool changed = false;
    for (auto end = text.find('\n'); end != text.npos; end = text.find('\n', start)) {
        const std::string_view line = std::string_view(text).substr(start, end - start);
        changed = changed || (!line.empty() && etcd::tells_of_change(line));
        start = end + 1;
    }
    text.erase(0, start);
    return changed;
}

}  // namespace

std::vector<std::string> etcd_endpoints(std::string_view list) {
    std::vector<std::string> endpoints;
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        std::string member(list.substr(0, comma));
        std::erase(member, ' ');
        if (const auto scheme = member.find("://"); scheme != member.npos) member.erase(0, scheme + 3);
        const auto colon = member.rfind(':');
        const bool has_port = colon != member.npos && member.find(']', colon) == member.npos;
        if (!member.empty()) endpoints.push_back(has_port ? member : member + ":2379");
        list.remove_prefix(std::min(comma + 1, list.size()));
    }
    return endpoints;
}

EtcdClient::EtcdClient(asio::io_context& context, EtcdOptions options)
    : context_(context), options_(std::move(options)) {}

asio::awaitable<Result<EtcdClient::Answer>> EtcdClient::exchange(std::string path, std::string body) {
    const std::string member = options_.endpoints[member_];
    beast::tcp_stream stream(context_);
    stream.expires_after(options_.timeout);
    const auto connected = co_await connect(stream, member);
    if (!connected) co_return connected.error();
    const Request request = make_request(member, path, std::move(body), token_);
    const auto [unsent, sent] = co_await http::async_write(stream, request, as_values);
    if (unsent) co_return failed("cannot send", unsent);
    beast::flat_buffer buffer;
    Parser parser;
    parser.body_limit(max_answer);
    const auto [error, received] = co_await http::async_read(stream, buffer, parser, as_values);
    if (error) co_return failed("no answer", error);
    co_return Answer{parser.get().result_int(), std::move(parser.get().body())};
}

asio::awaitable<Result<void>> EtcdClient::log_in() {
    token_.clear();
    std::string path = "/v3/auth/authenticate";
    std::string body = etcd::login_request(options_.user, options_.password);
    const auto answer = co_await exchange(std::move(path), std::move(body));
    if (!answer) co_return answer.error();
    if (answer->status != 200) {
        co_return Error{Errc::unavailable, "cannot log in: " + etcd::read_error(answer->status, answer->body)};
    }
    auto token = etcd::read_token(answer->body);
    if (!token) co_return token.error();
    token_ = std::move(*token);
    co_return Result<void>();
}

// Tokens expire, and a member that was restarted knows none of the old ones.
asio::awaitable<Result<EtcdClient::Answer>> EtcdClient::call_member(std::string path, std::string body) {
    if (!options_.user.empty() && token_.empty()) {
        const auto logged_in = co_await log_in();
        if (!logged_in) co_return logged_in.error();
    }
    auto answer = co_await exchange(path, body);
    if (!answer || answer->status != 401 || options_.user.empty()) co_return answer;
    const auto logged_in = co_await log_in();
    if (!logged_in) co_return logged_in.error();
    co_return co_await exchange(std::move(path), std::move(body));
}

asio::awaitable<Result<std::string>> EtcdClient::call(std::string path, std::string body) {
    std::string complaints = "etcd can't be asked";
    for (std::size_t tries = 0; tries < options_.endpoints.size(); ++tries) {
        auto answer = co_await call_member(path, body);
        if (answer && answer->status == 200) co_return std::move(answer->body);
        const std::string why = answer ? etcd::read_error(answer->status, answer->body) : answer.error().what;
        complaints.append("; ").append(options_.endpoints[member_]).append(": ").append(why);
        member_ = (member_ + 1) % options_.endpoints.size();
    }
    co_return Error{Errc::unavailable, std::move(complaints)};
}

asio::awaitable<Result<EtcdRange>> EtcdClient::read(std::string prefix) {
    std::string path = "/v3/kv/range", body = etcd::range_request(prefix);
    const auto answer = co_await call(std::move(path), std::move(body));
    if (!answer) co_return answer.error();
    co_return etcd::read_range(*answer);
}

asio::awaitable<Watched> EtcdClient::wait_for_change(std::string prefix, std::int64_t revision, Millis limit) {
    const std::string member = options_.endpoints[member_];
    beast::tcp_stream stream(context_);
    stream.expires_after(limit);
    const auto connected = co_await connect(stream, member);
    if (!connected) co_return Watched::lost;
    const Request request = make_request(member, "/v3/watch", etcd::watch_request(prefix, revision + 1), token_);
    const auto [unsent, sent] = co_await http::async_write(stream, request, as_values);
    if (unsent) co_return Watched::lost;
    beast::flat_buffer buffer;
    Parser parser;
    parser.body_limit(max_answer);
    while (!parser.is_done()) {
        const auto [error, received] = co_await http::async_read_some(stream, buffer, parser, as_values);
        if (error == beast::error::timeout) co_return Watched::quiet;
        if (error) co_return Watched::lost;
        if (take_changes(parser.get().body())) co_return Watched::changed;
    }
    co_return Watched::lost;
}

asio::awaitable<Result<std::int64_t>> EtcdClient::grant(std::chrono::seconds ttl) {
    std::string path = "/v3/lease/grant", body = etcd::grant_request(ttl);
    const auto answer = co_await call(std::move(path), std::move(body));
    if (!answer) co_return answer.error();
    co_return etcd::read_lease(*answer);
}

asio::awaitable<Result<LeaseState>> EtcdClient::keep_alive(std::int64_t lease) {
    std::string path = "/v3/lease/keepalive", body = etcd::lease_request(lease);
    const auto answer = co_await call(std::move(path), std::move(body));
    if (!answer) co_return answer.error();
    co_return etcd::read_keep_alive(*answer);
}

asio::awaitable<Result<void>> EtcdClient::put(std::string key, std::string value, std::int64_t lease) {
    std::string path = "/v3/kv/put", body = etcd::put_request(key, value, lease);
    const auto answer = co_await call(std::move(path), std::move(body));
    if (!answer) co_return answer.error();
    co_return Result<void>();
}

asio::awaitable<Result<void>> EtcdClient::revoke(std::int64_t lease) {
    std::string path = "/v3/lease/revoke", body = etcd::lease_request(lease);
    const auto answer = co_await call(std::move(path), std::move(body));
    // A lease that has expired meanwhile is what is wanted.
    if (!answer && answer.error().what.find("lease not found") == std::string::npos) co_return answer.error();
    co_return Result<void>();
}

}  // namespace dtmd::participant
