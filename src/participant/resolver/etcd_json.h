#pragma once

#include "base/result.h"
#include "participant/resolver/etcd_client.h"

#include <cstdint>
#include <string>
#include <string_view>

// What goes to etcd's JSON gateway and what comes back: keys and values in base64, numbers as strings. Pure.
namespace dtmd::participant::etcd {

std::string range_request(std::string_view prefix);
std::string watch_request(std::string_view prefix, std::int64_t from_revision);
std::string grant_request(std::chrono::seconds ttl);
std::string lease_request(std::int64_t lease);  ///< keepalive and revoke
std::string put_request(std::string_view key, std::string_view value, std::int64_t lease);
std::string login_request(std::string_view user, std::string_view password);

// Errors: `unavailable`: not what etcd answers.
Result<EtcdRange> read_range(std::string_view body);
Result<std::int64_t> read_lease(std::string_view body);
Result<std::string> read_token(std::string_view body);
Result<LeaseState> read_keep_alive(std::string_view body);

/// One line of a watch. False: it only says that the watch has begun.
bool tells_of_change(std::string_view line);

/// What an answer that is not 200 says, in one line.
std::string read_error(unsigned status, std::string_view body);

}  // namespace dtmd::participant::etcd
