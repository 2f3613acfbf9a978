#include "participant/grpc/grpc_address.h"
#include "participant/grpc/grpc_message.h"
#include "participant/http/http_request.h"
#include "target.h"
#include "txn/branches.h"

#include <grpc/grpc.h>
#include <boost/beast/core/string.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <algorithm>
#include <string>

// A branch whose URL, headers and payload somebody else has made up: what goes out is one request, and says what it
// should.
namespace dtmd::fuzz {
namespace {

namespace http = boost::beast::http;
using participant::Call;
using Request = http::request_parser<http::string_body>;

Call read_call(std::string_view& input, std::string& protocol, std::string& mode) {
    Call call;
    call.url = take_line(input);
    protocol = take_line(input);
    mode = take_line(input);
    call.protocol = protocol;
    call.trans_type = mode;
    call.gid = take_line(input);
    call.branch_id = take_line(input);
    call.op = take_line(input);
    for (std::string_view line = take_line(input); !line.empty(); line = take_line(input)) {
        const auto colon = std::min(line.find(": "), line.size());
        call.headers.emplace_back(line.substr(0, colon), line.substr(std::min(colon + 2, line.size())));
    }
    call.body = input;
    return call;
}

// A server's view of what we send.
void check_one_request(const std::string& bytes, const Call& call) {
    Request parser;
    parser.eager(true);
    parser.header_limit(1 << 20);
    parser.body_limit(1 << 20);
    boost::system::error_code error;
    std::size_t taken = 0;
    while (taken < bytes.size() && !error && !parser.is_done()) {
        taken += parser.put(boost::asio::buffer(bytes.data() + taken, bytes.size() - taken), error);
    }
    check(!error && parser.is_done() && taken == bytes.size(), "what we send is one request, and nothing else");
    const auto& request = parser.get();
    check(request.count(http::field::host) == 1, "a request has one Host");
    check(request.count(http::field::content_length) <= 1, "a request has one length");
    check(request.count(http::field::transfer_encoding) == 0, "a request's body is not in chunks");
    if (!participant::is_json_rpc(call)) check_equal(request.body(), call.body, "the payload goes out as it came");
    // Besides those of the transaction: Host, Content-Type, Accept, User-Agent, Authorization, Content-Length.
    check(std::distance(request.begin(), request.end()) <= static_cast<std::ptrdiff_t>(6 + call.headers.size()),
          "no header comes from elsewhere");
    const std::string_view target(request.target().data(), request.target().size());
    check(target.starts_with('/'), "a request's target is a path");
}

void check_destination(const participant::Destination& destination, const Call& call) {
    const std::string_view authority = destination.authority;
    check(!destination.host.empty() && !destination.port.empty(), "a destination has a host and a port");
    check_equal(destination.origin, participant::host_of(call.url), "limits and connections go by the same origin");
    check(authority.find_first_of("/?#@ ") == authority.npos, "an authority is only host and port");
}

void over_http(const Call& call) {
    const bool is_http = call.url.starts_with("http://") || call.url.starts_with("https://");
    const bool is_accepted = is_http && txn::why_bad_url(call.url, "http").empty();
    const auto destination = participant::parse_destination(call.url);
    if (!destination) {
        check(!is_accepted, "a URL that was accepted can be called");
        return check_message(destination.error().what);
    }
    check_destination(*destination, call);
    const auto bytes = participant::serialize_call(call, *destination);
    if (!bytes) return check(!bytes.error().what.empty(), "a refusal says why");
    check_one_request(*bytes, call);
}

void over_grpc(Call call) {
    const auto address = participant::parse_grpc_address(call.url, false);
    if (address) {
        check(!address->target.empty() && address->method.starts_with('/'), "an address has a host and a method");
    } else {
        check(!address.error().what.empty(), "a refusal says why");
    }
    const auto metadata = participant::metadata_of(call);
    if (!metadata) return check(!metadata.error().what.empty(), "a refusal says why");
    for (const auto& [key, value] : *metadata) {
        // gRPC would end the process.
        const grpc_slice name = grpc_slice_from_static_buffer(key.data(), key.size());
        const grpc_slice text = grpc_slice_from_static_buffer(value.data(), value.size());
        check(grpc_header_key_is_legal(name) != 0, "gRPC takes the key");
        check(key.ends_with("-bin") || grpc_header_nonbin_value_is_legal(text) != 0, "gRPC takes the value");
    }
    participant::message_of(call);
}

void check_escapes(std::string_view text) {
    std::string encoded;
    participant::append_encoded(encoded, text);
    check_equal(participant::decoded(encoded), text, "what was encoded is decoded");
    check(encoded.size() <= 3 * text.size(), "an escape has three characters");
}

}  // namespace

void branch_call(std::string_view input) {
    check_escapes(input);
    std::string protocol, mode;
    const Call call = read_call(input, protocol, mode);
    over_http(call);
    over_grpc(call);
}

}  // namespace dtmd::fuzz
