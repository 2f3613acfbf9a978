#pragma once

#include "base/result.h"
#include "participant/participant.h"

#include <string>
#include <string_view>

// What a call looks like on the wire (protocol.md 5.2). Pure.
namespace dtmd::participant {

/// Where a URL leads. Views into the URL.
struct Destination {
    bool tls = false;
    std::string_view origin;     ///< Scheme and authority as written: what connections are kept under.
    std::string_view user_info;  ///< "user:password", percent-encoded; nearly always empty.
    std::string_view authority;  ///< Host and port as written, for the Host header and for texts.
    std::string_view host;       ///< Without brackets.
    std::string_view port;       ///< "80" or "443" if the URL names none. A number from 1 to 65535.
    std::string_view target;     ///< Path and query; may be empty. No fragment.
};

/// Errors: `invalid`, with what is wrong with the URL (without its user information and its query).
Result<Destination> parse_destination(std::string_view url);

/// The whole request, ready to be sent. Errors (`invalid`): a header or a payload that can't go out.
Result<std::string> serialize_call(const Call& call, const Destination& destination);

/// Percent-encodes all but unreserved characters.
void append_encoded(std::string& out, std::string_view text);
std::string decoded(std::string_view text);

/// Whether `call` is a JSON-RPC call (protocol.md 5.2, end).
bool is_json_rpc(const Call& call);

}  // namespace dtmd::participant
