#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace dtmd::participant {

/// Where a gRPC branch's address leads (protocol.md 3.5, 3.6).
struct GrpcAddress {
    enum class Security : std::uint8_t { unsaid, plain, tls };
    Security security = Security::unsaid;
    std::string target;  ///< "host:port", or what else gRPC's resolver takes.
    std::string method;  ///< "/package.Service/Method"
};

/// `[grpc://|grpcs://]host:port/package.Service/Method`. `docker`: see GrpcParticipantOptions.
/// Errors: `invalid`, with dtm's texts where it has some.
Result<GrpcAddress> parse_grpc_address(std::string_view url, bool docker);

}  // namespace dtmd::participant
