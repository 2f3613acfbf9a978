#include "participant/http/http_request.h"

#include <algorithm>
#include <charconv>

namespace dtmd::participant {
namespace {

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

Error cannot_call(std::string_view url, std::string_view why) {
    // Without what may be secret.
    std::string shown(url.substr(0, std::min<std::size_t>(url.find_first_of("?#"), 200)));
    const auto at = shown.find('@');
    const auto scheme = shown.find("://");
    if (at != shown.npos)
        shown.erase(scheme == shown.npos ? 0 : scheme + 3, at - (scheme == shown.npos ? 0 : scheme + 2));
    std::ranges::replace_if(shown, is_control, '?');
    return Error{Errc::invalid, "the URL '" + shown + "' can't be called: " + std::string(why)};
}

bool is_port(std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 65535;
}

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Why host and port can't be told from the authority; empty if they can.
std::string_view split_authority(Destination& destination) {
    std::string_view authority = destination.authority;
    destination.port = destination.tls ? "443" : "80";
    if (authority.starts_with('[')) {
        const auto bracket = authority.find(']');
        if (bracket == authority.npos) return "its host begins with [ and has no ]";
        destination.host = authority.substr(1, bracket - 1);
        authority.remove_prefix(bracket + 1);
        if (!authority.empty() && authority.front() != ':') return "after ] there may only be a port";
    } else {
        destination.host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(destination.host.size());
    }
    if (destination.host.empty()) return "it names no host";
    if (authority.size() > 1) destination.port = authority.substr(1);
    if (!is_port(destination.port)) return "its port is not a number from 1 to 65535";
    return {};
}

}  // namespace

Result<Destination> parse_destination(std::string_view url) {
    Destination destination;
    std::string_view rest = url;
    if (rest.starts_with("https://")) {
        destination.tls = true;
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return cannot_call(url, "it has to begin with http:// or https://");
    }
    if (std::ranges::any_of(url, is_control)) return cannot_call(url, "it contains control characters");
    rest = rest.substr(0, rest.find('#'));
    destination.authority = rest.substr(0, rest.find_first_of("/?"));
    destination.target = rest.substr(destination.authority.size());
    destination.origin = url.substr(0, destination.authority.data() + destination.authority.size() - url.data());
    if (const auto at = destination.authority.rfind('@'); at != std::string_view::npos) {
        destination.user_info = destination.authority.substr(0, at);
        destination.authority.remove_prefix(at + 1);
    }
    if (destination.authority.find(' ') != std::string_view::npos) return cannot_call(url, "its host contains a space");
    const std::string_view wrong = split_authority(destination);
    if (!wrong.empty()) return cannot_call(url, wrong);
    return destination;
}

void append_encoded(std::string& out, std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char c : text) {
        const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                c == '-' || c == '_' || c == '.' || c == '~';
        if (unreserved) {
            out += c;
        } else {
            const auto byte = static_cast<unsigned char>(c);
            out += '%';
            out += digits[byte >> 4];
            out += digits[byte & 15];
        }
    }
}

std::string decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (text[i] == '%' && high >= 0 && low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

}  // namespace dtmd::participant
