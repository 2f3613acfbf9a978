#include "net/http_wire.h"

#include <boost/beast/core/string.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/status.hpp>

#include <array>
#include <iterator>

namespace dtmd::net {
namespace {

namespace http = boost::beast::http;

constexpr std::ptrdiff_t max_header_lines = 200;

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

void append_header(std::string& out, std::string_view name, std::string_view value) {
    out.append("\r\n").append(name).append(": ");
    for (const char c : value) out += is_control(c) ? ' ' : c;
}

bool has_no_body(unsigned status) { return status == 204 || status == 304; }

}  // namespace

std::string serialize(const HttpResponse& response, const Envelope& envelope) {
    const std::string_view reason = http::obsolete_reason(http::int_to_status(response.status));
    std::string bytes;
    bytes.reserve(192 + response.body.size());
    bytes.append("HTTP/1.1 ").append(std::to_string(response.status)).append(" ").append(reason);
    if (!envelope.date.empty()) bytes.append("\r\nDate: ").append(envelope.date);
    for (const auto& [name, value] : response.headers) append_header(bytes, name, value);
    if (!envelope.keep_alive) bytes.append("\r\nConnection: close");
    if (envelope.keep_alive && envelope.http_1_0) bytes.append("\r\nConnection: keep-alive");
    if (has_no_body(response.status)) return bytes.append("\r\n\r\n");
    bytes.append("\r\nContent-Type: ").append(response.content_type);
    bytes.append("\r\nContent-Length: ").append(std::to_string(response.body.size())).append("\r\n\r\n");
    if (!envelope.head_only) bytes.append(response.body);
    return bytes;
}

HttpResponse message_response(unsigned status, std::string_view message) {
    HttpResponse response;
    response.status = status;
    response.body = R"({"message":")";
    for (const char c : message) {
        if (c == '"' || c == '\\') response.body += '\\';
        response.body += is_control(c) ? ' ' : c;
    }
    response.body += "\"}";
    return response;
}

Refusal refusal_of(const boost::system::error_code& error, const HttpServerOptions& options) {
    if (error == http::error::body_limit) {
        return {413,
                "the request's body is larger than " + std::to_string(options.max_body) + " bytes (Limits.MaxBody)"};
    }
    if (error == http::error::header_limit || error == http::error::buffer_overflow) {
        return {431, "the request's headers are larger than " + std::to_string(options.max_header) +
                         " bytes (Limits.MaxHeader)"};
    }
    if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return {400, "the request is not valid HTTP: " + error.message()};
}

std::optional<Refusal> complaint_about(const RequestParser& parser) {
    const auto& request = parser.get();
    if (std::distance(request.begin(), request.end()) > max_header_lines) {
        return Refusal{431, "the request has more than " + std::to_string(max_header_lines) + " header lines"};
    }
    const auto hosts = request.count(http::field::host);
    if (hosts > 1) return Refusal{400, "the request has more than one Host header"};
    if (hosts == 0 && request.version() >= 11) return Refusal{400, "the request has no Host header"};
    if (request.count(http::field::transfer_encoding) == 0) return std::nullopt;
    const auto encoding = request[http::field::transfer_encoding];
    if (!boost::beast::iequals(encoding, "chunked") || request.count(http::field::transfer_encoding) > 1) {
        return Refusal{501, "the only Transfer-Encoding that is understood here is chunked"};
    }
    if (request.count(http::field::content_length) > 0) {
        return Refusal{400, "the request has both Content-Length and Transfer-Encoding"};
    }
    if (request.version() < 11) return Refusal{400, "HTTP/1.0 knows no Transfer-Encoding"};
    return std::nullopt;
}

std::optional<Refusal> complaint_about_rest(const RequestParser& parser, std::size_t size,
                                            const HttpServerOptions& options) {
    if (!parser.is_header_done() || parser.is_done() || size <= options.max_header) return std::nullopt;
    return Refusal{431, "the request's chunk extensions or trailers are larger than " +
                            std::to_string(options.max_header) + " bytes (Limits.MaxHeader)"};
}

std::string origin_form(std::string_view target) {
    const auto scheme_end = target.find("://");
    if (scheme_end == target.npos) return std::string(target);
    const std::string_view scheme = target.substr(0, scheme_end);
    if (!boost::beast::iequals(scheme, "http") && !boost::beast::iequals(scheme, "https")) return std::string(target);
    const auto path = target.find_first_of("/?", scheme_end + 3);
    std::string origin(path == target.npos ? std::string_view() : target.substr(path));
    if (!origin.starts_with('/')) origin.insert(0, 1, '/');
    return origin;
}

std::string_view DateLine::now() {
    const std::time_t second = std::time(nullptr);
    if (second == second_) return text_;
    second_ = second;
    // Not strftime's %a and %b: those would follow the locale.
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    std::tm parts{};
    gmtime_r(&second, &parts);
    std::array<char, 32> rest{};
    std::strftime(rest.data(), rest.size(), " %Y %H:%M:%S GMT", &parts);
    const std::string day = std::to_string(parts.tm_mday);
    text_ = days.at(static_cast<std::size_t>(parts.tm_wday));
    text_.append(parts.tm_mday < 10 ? ", 0" : ", ").append(day).append(" ");
    text_.append(months.at(static_cast<std::size_t>(parts.tm_mon))).append(rest.data());
    return text_;
}

}  // namespace dtmd::net
