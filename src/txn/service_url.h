#pragma once

#include <optional>
#include <string_view>

namespace dtmd::txn {

/// An address that names a service, which has any number of hosts (protocol.md 3.6):
///
///     [http+|https+|grpc+|grpcs+]etcd://[registry]/service/path      also discov:// and discovery://
///     [...]static://host:port,host:port/path     or static://name/path
///     [...]dns://host:port/path                  or dns:///host:port/path
///     [...]srv://name/path                       or srv://[server:port]/name/path
///
/// Views into the URL.
struct ServiceUrl {
    std::string_view wire;       ///< What was written before the plus; empty: what the transaction's protocol says.
    std::string_view scheme;     ///< etcd, discov, discovery, static, dns, srv
    std::string_view authority;  ///< The registry, or the DNS server. Empty: the configured one.
    std::string_view service;    ///< Empty: the address is wrong.
    std::string_view rest;       ///< Path and query for the host that is chosen. May be empty.
    std::string_view name;       ///< All before `rest`: what stands for the service.
};

/// Empty if `url` is no address of this kind.
std::optional<ServiceUrl> split_service_url(std::string_view url);

}  // namespace dtmd::txn
