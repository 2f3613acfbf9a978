#include "participant/grpc/grpc_address.h"

namespace dtmd::participant {
namespace {

constexpr std::string_view plain_scheme = "grpc://", tls_scheme = "grpcs://";

// dtm's IS_DOCKER: what a user calls localhost is outside of this container.
void point_to_host(std::string& target) {
    for (const std::string_view local : {"localhost", "127.0.0.1"}) {
        const auto port = target.find(':');
        if (target.substr(0, port) != local) continue;
        target.replace(0, local.size(), "host.docker.internal");
        return;
    }
}

Error bad(std::string_view url, std::string_view what) {
    return {Errc::invalid, "bad url: '" + std::string(url.substr(0, 200)) + "'. " + std::string(what)};
}

}  // namespace

Result<GrpcAddress> parse_grpc_address(std::string_view url, bool docker) {
    GrpcAddress address;
    std::string_view rest = url;
    if (rest.starts_with(tls_scheme)) {
        address.security = GrpcAddress::Security::tls;
        rest.remove_prefix(tls_scheme.size());
    } else if (rest.starts_with(plain_scheme)) {
        address.security = GrpcAddress::Security::plain;
        rest.remove_prefix(plain_scheme.size());
    } else if (rest.find("://") != rest.npos) {
        return Error{Errc::invalid,
                     "call dtmdriver.Use() before you use custom scheme for '" + std::string(url.substr(0, 200)) + "'"};
    }
    const auto slash = rest.find('/');
    if (slash == rest.npos) return bad(url, "no '/' found");
    address.target = rest.substr(0, slash);
    address.method = rest.substr(slash);
    if (address.target.empty()) return bad(url, "expected host:port before the first '/'");
    const auto last = address.method.rfind('/');
    if (last == 0 || last + 1 == address.method.size()) {
        return bad(url, "expected host:port/package.Service/Method");
    }
    if (docker) point_to_host(address.target);
    return address;
}

}  // namespace dtmd::participant
