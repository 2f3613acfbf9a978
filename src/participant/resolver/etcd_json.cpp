#include "participant/resolver/etcd_json.h"

#include <absl/strings/escaping.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace dtmd::participant::etcd {
namespace {

using nlohmann::json;

std::string encoded(std::string_view bytes) {
    return absl::Base64Escape(absl::string_view(bytes.data(), bytes.size()));
}

std::string decoded(const json& text) {
    std::string bytes;
    if (!text.is_string() || !absl::Base64Unescape(text.get_ref<const std::string&>(), &bytes)) bytes.clear();
    return bytes;
}

// The first key after all that begin with `prefix`.
std::string range_end(std::string prefix) {
    while (!prefix.empty() && prefix.back() == '\xFF') prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
    return prefix;
}

// The gateway writes 64-bit numbers as strings, and leaves zeros out.
std::int64_t number(const json& object, const char* name) {
    const auto found = object.find(name);
    if (found == object.end()) return 0;
    if (found->is_number_integer()) return found->get<std::int64_t>();
    std::int64_t value = 0;
    if (!found->is_string()) return 0;
    const auto& text = found->get_ref<const std::string&>();
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

// The exception of the library can't happen: no reading of ours asks for a type that was not looked at before.
json parse(std::string_view body) {
    json document = json::parse(body, nullptr, /*allow_exceptions=*/false);
    return document.is_object() ? document : json::object();
}

Error no_answer(std::string_view body) {
    return {Errc::unavailable, "this is not an answer of etcd v3: " + std::string(body.substr(0, 200))};
}

std::string text(const json& document) { return document.dump(-1, ' ', false, json::error_handler_t::replace); }

}  // namespace

std::string range_request(std::string_view prefix) {
    return text({{"key", encoded(prefix)}, {"range_end", encoded(range_end(std::string(prefix)))}});
}

std::string watch_request(std::string_view prefix, std::int64_t from_revision) {
    return text({{"create_request",
                  {{"key", encoded(prefix)},
                   {"range_end", encoded(range_end(std::string(prefix)))},
                   {"start_revision", std::to_string(from_revision)}}}});
}

std::string grant_request(std::chrono::seconds ttl) { return text({{"TTL", std::to_string(ttl.count())}}); }

std::string lease_request(std::int64_t lease) { return text({{"ID", std::to_string(lease)}}); }

std::string put_request(std::string_view key, std::string_view value, std::int64_t lease) {
    return text({{"key", encoded(key)}, {"value", encoded(value)}, {"lease", std::to_string(lease)}});
}

std::string login_request(std::string_view user, std::string_view password) {
    return text({{"name", user}, {"password", password}});
}

Result<EtcdRange> read_range(std::string_view body) {
    const json document = parse(body);
    const auto header = document.find("header");
    if (header == document.end() || !header->is_object()) return no_answer(body);
    EtcdRange range;
    range.revision = number(*header, "revision");
    const auto items = document.find("kvs");
    if (items == document.end() || !items->is_array()) return range;
    for (const json& item : *items) {
        if (!item.is_object()) return no_answer(body);
        range.items.emplace_back(decoded(item.value("key", json())), decoded(item.value("value", json())));
    }
    return range;
}

Result<std::int64_t> read_lease(std::string_view body) {
    const std::int64_t lease = number(parse(body), "ID");
    if (lease == 0) return no_answer(body);
    return lease;
}

Result<std::string> read_token(std::string_view body) {
    const json document = parse(body);
    const auto token = document.find("token");
    if (token == document.end() || !token->is_string()) return no_answer(body);
    return token->get<std::string>();
}

Result<LeaseState> read_keep_alive(std::string_view body) {
    const json document = parse(body.substr(0, body.find('\n')));
    const auto result = document.find("result");
    if (result == document.end() || !result->is_object()) return no_answer(body);
    return number(*result, "TTL") > 0 ? LeaseState::alive : LeaseState::gone;
}

bool tells_of_change(std::string_view line) {
    const json document = parse(line);
    const auto result = document.find("result");
    if (result == document.end() || !result->is_object()) return true;  // An error, which ends the watch.
    return result->contains("events") || result->value("canceled", json()) == true;
}

std::string read_error(unsigned status, std::string_view body) {
    const json document = parse(body);
    const json error = document.value("error", json());
    const std::string what = error.is_string() ? error.get<std::string>() : std::string(body.substr(0, 200));
    return "HTTP " + std::to_string(status) + ": " + what;
}

}  // namespace dtmd::participant::etcd
