#include "api/http/http_api.h"

#include "api/http/routes.h"
#include "api/json/json_write.h"

#include <exception>
#include <memory>

namespace dtmd::api {
namespace {

namespace verbs = boost::beast::http;

constexpr std::string_view unknown_route = "other";  // In the metrics.

// The parts of a request's target, still encoded.
struct Target {
    std::string_view path, query;
};

Target split_target(std::string_view target) {
    // A proxy may be sent the absolute form; an origin server has to take it too (RFC 9112, 3.2.2).
    if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != target.npos) {
        const auto path = target.find('/', scheme + 3);
        target = path == target.npos ? "/" : target.substr(path);
    }
    target = target.substr(0, target.find('#'));
    const auto mark = target.find('?');
    if (mark == target.npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

// HEAD is a GET whose body the server doesn't send.
bool is_get(verbs::verb verb) { return verb == verbs::verb::get || verb == verbs::verb::head; }

std::uint8_t method_bit(verbs::verb verb) {
    if (is_get(verb)) return method_get;
    if (verb == verbs::verb::post) return method_post;
    return verb == verbs::verb::delete_ ? method_delete : 0;
}

struct Match {
    const Route* route = nullptr;
    std::string_view rest;
};

Match match(std::string_view path) {
    for (const Route& route : routes()) {
        if (!route.takes_rest) {
            if (route.path == path) return {&route, {}};
        } else if (path.starts_with(route.path)) {
            const std::string_view rest = path.substr(route.path.size());
            if (!rest.empty() && rest.find('/') == rest.npos) return {&route, rest};
        }
    }
    return {};
}

void send_not_found(Exchange exchange) {
    net::HttpResponse response;
    response.status = 404;
    response.body = "404 page not found";
    response.content_type = "text/plain";
    exchange.send(std::move(response));
}

void send_redirect(Exchange exchange, bool is_get, const Target& target) {
    net::HttpResponse response;
    response.status = is_get ? 301 : 307;
    response.content_type = "text/plain";
    std::string location(target.path.substr(0, target.path.size() - 1));
    if (!target.query.empty()) location.append("?").append(target.query);
    response.headers.emplace_back("Location", std::move(location));
    exchange.send(std::move(response));
}

void send_wrong_method(Exchange exchange, const Route& route, std::string_view method) {
    const std::string_view right = route.methods == method_get    ? "GET"
                                   : route.methods == method_post ? "POST"
                                                                  : "DELETE";
    net::HttpResponse response;
    response.status = 405;
    ObjectWriter writer(response.body);
    writer.string("message", std::string(method.substr(0, 20)) + " is not allowed here: use " + std::string(right));
    writer.close();
    response.headers.emplace_back("Allow", right);
    exchange.send(std::move(response));
}

void call(const Api& api, const Route& route, const Request& request, Exchange exchange) {
    try {
        route.handle(api, request, exchange);
    } catch (const std::exception& error) {
        // Nothing a handler does throws for bad input; what is left is above all a lack of memory.
        exchange.send_message(500, std::string("the request could not be handled: ") + error.what());
    }
}

class Dispatcher {
public:
    explicit Dispatcher(Api api) : api_(std::move(api)) {}

    void serve(const net::HttpRequest& http, Loop& home, net::Respond respond) const {
        const auto open = [&](std::string_view name) { return Exchange(std::move(respond), api_.metrics, home, name); };
        const Target target = split_target({http.target().data(), http.target().size()});
        const auto decoded = decode_percent(target.path, false);
        if (!decoded) return open(unknown_route).send_message(400, decoded.error().what);

        const std::string_view path = without_base(*decoded);
        const Match found = match(path);
        if (found.route == nullptr) {
            const Match meant = path.ends_with('/') ? match(path.substr(0, path.size() - 1)) : Match{};
            if (meant.route == nullptr) return send_not_found(open(unknown_route));
            return send_redirect(open(meant.route->name), is_get(http.method()), target);
        }
        const Route& route = *found.route;
        if (route.methods != method_any && (route.methods & method_bit(http.method())) == 0) {
            const auto method = http.method_string();
            return send_wrong_method(open(route.name), route, {method.data(), method.size()});
        }
        auto query = Query::parse(target.query);
        if (!query) return open(route.name).send_message(400, query.error().what);
        call(api_, route, {http.body(), std::move(*query), found.rest, home}, open(route.name));
    }

private:
    // The front page is also found below the base path, where a proxy may expect it.
    std::string_view without_base(std::string_view path) const {
        const std::string& base = api_.options.admin_base_path;
        if (base.empty() || !path.starts_with(base)) return path;
        const std::string_view rest = path.substr(base.size());
        return rest.empty() || rest == "/" ? "/" : path;
    }

    Api api_;
};

}  // namespace

net::HttpHandler make_http_api(engine::Engine& engine, observe::ApiMetrics& metrics,
                               std::function<std::string()> expose_metrics, ApiOptions options) {
    // Shared only because std::function has to be copyable.
    auto dispatcher =
        std::make_shared<const Dispatcher>(Api{engine, metrics, std::move(expose_metrics), std::move(options)});
    return [dispatcher](net::HttpRequest request, Loop& home, net::Respond respond) {
        dispatcher->serve(request, home, std::move(respond));
    };
}

}  // namespace dtmd::api
