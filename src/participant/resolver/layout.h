#pragma once

#include "participant/resolver/instance.h"

#include <cstdint>
#include <string>
#include <string_view>

// How services lie in etcd, as the libraries have it that dtm's users register with. Pure.
namespace dtmd::participant {

enum class Layout : std::uint8_t {
    plain,    ///< /services/<name>/<address>: the address again, or nothing
    go_zero,  ///< <name>/<lease>: the address
    kratos,   ///< /microservices/<name>/<id>: JSON with "endpoints": ["grpc://host:port", "http://host:port"]
};

/// All keys of a service begin with this, and no other service's do.
std::string key_prefix(Layout layout, std::string_view service);

/// What one key says. Nothing if it can't be understood, or says that the instance is not to be used.
Instances read_entry(Layout layout, std::string_view key, std::string_view value);

struct RegistryEntry {
    std::string key, value;
};

/// The entry by which `instance`, whose scheme is http or grpc, becomes known. `lease` and `id` are unique to it.
RegistryEntry make_entry(Layout layout, std::string_view service, const Instance& instance, std::int64_t lease,
                         std::string_view id);

}  // namespace dtmd::participant
