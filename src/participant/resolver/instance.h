#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::participant {

/// How an instance of a service is called.
enum class Wire : std::uint8_t { http, grpc };

/// One place at which a service can be reached.
struct Instance {
    std::string address;         ///< "host:port"
    std::string scheme;          ///< http, https, grpc, grpcs; empty: whatever is asked for.
    std::uint16_t priority = 0;  ///< A lower one is preferred as long as any of them can be reached.

    bool speaks(Wire wire) const { return scheme.empty() || scheme.starts_with("http") == (wire == Wire::http); }
    auto operator<=>(const Instance&) const = default;
};
using Instances = std::vector<Instance>;

/// `[scheme://]host:port`, as registries have it; what follows the port is left out. Empty if it is no such address.
std::optional<Instance> parse_instance(std::string_view text);

/// Of a comma list; what is no address is left out.
Instances parse_instances(std::string_view list);

}  // namespace dtmd::participant
