#pragma once

#include "participant/participant.h"

#include <string>
#include <string_view>

namespace dtmd::participant {

/// No definite answer, in dtm's words (protocol.md 5.3).
Reply unknown_reply(std::string_view error, bool reached, int code);

/// protocol.md 5.3 for JSON-RPC: the HTTP rules first, then the error's code (which dtm never matches, W16).
Reply interpret_json_rpc(int status, std::string body);

}  // namespace dtmd::participant
