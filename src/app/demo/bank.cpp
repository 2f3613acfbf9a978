#include "app/demo/bank.h"

#include <boost/url/parse.hpp>
#include <nlohmann/json.hpp>

#include <array>
#include <future>

namespace dtmd::app {
namespace {

using nlohmann::json;

// Runs `work` on the bank's thread and waits for it.
template <class Work>
auto run_on(net::AsioLoop& loop, Work work) {
    std::promise<decltype(work())> promise;
    auto result = promise.get_future();
    loop.post([&promise, &work] { promise.set_value(work()); });
    return result.get();
}

struct Target {
    std::string path;
    BranchCall call;
};

Result<Target> parse_target(std::string_view text) {
    const auto url = boost::urls::parse_origin_form(boost::urls::string_view(text.data(), text.size()));
    if (!url) return Error{Errc::invalid, "not a URL: " + std::string(text)};
    Target target;
    target.path = url->path();
    for (const auto& parameter : url->params()) {
        if (parameter.key == "trans_type") target.call.trans_type = parameter.value;
        if (parameter.key == "gid") target.call.gid = parameter.value;
        if (parameter.key == "branch_id") target.call.branch_id = parameter.value;
        if (parameter.key == "op") target.call.op = parameter.value;
    }
    return target;
}

net::HttpResponse reply(unsigned status, const json& body) {
    net::HttpResponse response;
    response.status = status;
    // What a caller sent may come back in a message, and need not be UTF-8.
    response.body = body.dump(-1, ' ', false, json::error_handler_t::replace);
    return response;
}

net::HttpResponse success() { return reply(200, {{"dtm_result", "SUCCESS"}}); }

// Conflict is the bank's definite no: the coordinator turns back. Everything else it will ask again.
net::HttpResponse refusal(const Error& error) {
    if (error.code == Errc::conflict) return reply(409, {{"dtm_result", "FAILURE"}, {"message", error.what}});
    const unsigned status = error.code == Errc::invalid ? 400 : error.code == Errc::not_found ? 404 : 500;
    return reply(status, {{"message", error.what}});
}

}  // namespace

Bank::Bank(Options options, Database database) : options_(std::move(options)), database_(std::move(database)) {}

Result<std::unique_ptr<Bank>> Bank::open(Options options) {
    auto database = Database::open(options.file);
    if (!database) return database.error();
    const auto has_barrier = Barrier::create_table(*database);
    if (!has_barrier) return has_barrier.error();
    const auto has_accounts = open_accounts(*database, options.opening);
    if (!has_accounts) return has_accounts.error();

    std::unique_ptr<Bank> bank(new Bank(std::move(options), std::move(*database)));
    const auto listening = bank->listen(0);
    if (!listening) return listening.error();
    Bank* raw = bank.get();
    bank->thread_ = std::thread([raw] { raw->loop_.run(); });
    return bank;
}

Bank::~Bank() {
    if (thread_.joinable()) {
        close_counter();
        loop_.stop();
        thread_.join();
    }
}

Result<void> Bank::listen(std::uint16_t port) {
    net::HttpServerOptions options;
    options.host = options_.host;
    options.port = port;
    const std::array<net::AsioLoop*, 1> loops{&loop_};
    auto server = net::listen_http(
        loops, options, [this](net::HttpRequest request, Loop&, net::Respond respond) { respond(answer(request)); });
    if (!server) return server.error();
    server_ = std::move(*server);
    port_ = server_->port();
    return {};
}

void Bank::close_counter() {
    std::promise<void> gone;
    auto closed = gone.get_future();
    loop_.post([this, &gone] {
        if (!server_) return gone.set_value();
        server_->stop(Millis(500), [&gone] { gone.set_value(); });
    });
    closed.wait();
    run_on(loop_, [this] { return server_.reset(), true; });
}

Result<void> Bank::reopen() {
    return run_on(loop_, [this] { return listen(port_); });
}

std::string Bank::url(std::string_view path) const {
    return "http://" + options_.host + ":" + std::to_string(port_) + std::string(path);
}

Result<std::vector<Account>> Bank::accounts() {
    return run_on(loop_, [this] { return read_accounts(database_); });
}

Result<void> Bank::pay_out_locally(std::string gid, std::string account, std::int64_t amount) {
    return run_on(loop_, [&]() -> Result<void> {
        Barrier barrier(database_, {.trans_type = "msg", .gid = gid, .branch_id = "00", .op = "msg"});
        const auto passage = barrier.run(
            [&](Database& database) { return carry_out(database, *find_operation("/out"), account, amount); });
        if (!passage) return passage.error();
        if (*passage != Passage::duplicated) return {};
        const auto committed = Barrier::was_committed(database_, gid);
        if (!committed) return committed.error();
        if (!*committed) return Error{Errc::conflict, "message " + gid + " was given up before its local transaction"};
        return {};
    });
}

net::HttpResponse Bank::answer(const net::HttpRequest& request) {
    const std::string_view text(request.target().data(), request.target().size());
    auto target = parse_target(text);
    if (!target) return refusal(target.error());

    if (target->path == "/query-prepared") {
        const auto committed = Barrier::was_committed(database_, target->call.gid);
        if (!committed) return refusal(committed.error());
        return *committed ? success() : refusal({Errc::conflict, "the local transaction was not committed"});
    }
    const Operation* operation = find_operation(target->path);
    if (!operation) return refusal({Errc::not_found, "the bank has no counter " + target->path});
    return move_money(*operation, std::move(target->call), request.body());
}

net::HttpResponse Bank::move_money(const Operation& operation, BranchCall call, const std::string& body) {
    const json order = json::parse(body, nullptr, /*allow_exceptions=*/false);
    if (!order.is_object() || !order.contains("account") || !order.contains("amount") ||
        !order["account"].is_string() || !order["amount"].is_number_integer()) {
        return refusal({Errc::invalid, R"(expected {"account":"name","amount":30})"});
    }
    const std::string account = order["account"];
    const std::int64_t amount = order["amount"];
    Barrier barrier(database_, std::move(call));
    const auto passage =
        barrier.run([&](Database& database) { return carry_out(database, operation, account, amount); });
    return passage ? success() : refusal(passage.error());
}

}  // namespace dtmd::app
