#pragma once

#include "participant/participant.h"

#include <string>

namespace dtmd::participant {

/// protocol.md 5.3 for JSON-RPC: the HTTP rules first, then the error's code (which dtm never matches, W16).
Reply interpret_json_rpc(int status, std::string body);

}  // namespace dtmd::participant
