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
    std::string_view host;       ///< Without brackets.
    std::string_view port;       ///< "80" or "443" if the URL names none.
    std::string_view authority;  ///< For the Host header; without user information.
    std::string_view target;     ///< Path and query; may be empty. No fragment.
};

/// Errors: `invalid`, with what is wrong with the URL.
Result<Destination> parse_destination(std::string_view url);

/// The whole request, ready to be sent. Errors (`invalid`): a header that must not go out.
Result<std::string> serialize_call(const Call& call, const Destination& destination);

/// Percent-encodes all but unreserved characters.
void append_encoded(std::string& out, std::string_view text);

/// Whether `call` is a JSON-RPC call (protocol.md 5.2, end).
bool is_json_rpc(const Call& call);

}  // namespace dtmd::participant
