#include "api/jsonrpc/json_rpc.h"

#include "api/jsonrpc/rpc_methods.h"

#include <memory>
#include <vector>

namespace dtmd::api {
namespace {

net::HttpResponse ok(std::string body) {
    net::HttpResponse response;
    response.body = std::move(body);
    return response;
}

// As dtm answers what it can't read.
net::HttpResponse unreadable(std::string body) {
    net::HttpResponse response = ok(std::move(body));
    response.status = 400;
    response.content_type = "text/plain; charset=utf-8";
    return response;
}

// Owners: the requests of the batch that are not answered yet. The last one to let go sends what there is, so also a
// request that the engine drops can't hold the others back.
class Batch {
public:
    explicit Batch(net::Respond respond) : respond_(std::move(respond)) {}
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
        net::HttpResponse response = ok(std::move(body_));
        if (response.body.empty()) {
            response.status = 204;
        } else {
            response.body += ']';
        }
        respond_(std::move(response));
    }

    void add(std::string_view response) {
        if (response.empty()) return;
        body_.append(body_.empty() ? "[" : ",").append(response);
    }

private:
    net::Respond respond_;
    std::string body_;
};

void serve_batch(engine::Engine& engine, Loop& home, Json& root, net::Respond respond) {
    const auto refuse = [&](std::string_view why) {
        respond(ok(rpc_error("null", rpc_code::invalid_request, std::string("Bad json request: ").append(why))));
    };
    if (root.items.empty()) return refuse("the batch is empty");
    if (root.items.size() > max_rpc_batch) {
        return refuse("the batch has more than " + std::to_string(max_rpc_batch) + " requests; nothing was done");
    }
    const auto batch = std::make_shared<Batch>(std::move(respond));
    for (Json& item : root.items) {
        RpcRequest request;
        if (const auto refusal = read_batched_request(item, request); refusal) {
            batch->add(refusal->response);
        } else {
            run_rpc(engine, home, std::move(request), [batch](std::string response) { batch->add(response); });
        }
    }
}

}  // namespace

void serve_json_rpc(engine::Engine& engine, Loop& home, std::string_view body, net::Respond respond) {
    auto root = parse_json(body, "body");
    if (!root) {
        const std::string message = "Parse json error: " + root.error().what;
        return respond(unreadable(rpc_error(R"("")", rpc_code::parse_error, message)));
    }
    if (root->kind == Json::Kind::array) return serve_batch(engine, home, *root, std::move(respond));
    RpcRequest request;
    if (auto refusal = read_single_request(*root, request); refusal) {
        return respond(refusal->unreadable ? unreadable(std::move(refusal->response))
                                           : ok(std::move(refusal->response)));
    }
    run_rpc(engine, home, std::move(request),
            [respond = std::move(respond)](std::string response) mutable { respond(ok(std::move(response))); });
}

}  // namespace dtmd::api
