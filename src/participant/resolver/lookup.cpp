#include "participant/resolver/lookup.h"

#include "participant/resolver/etcd_client.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>

namespace dtmd::participant {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
constexpr auto as_values = asio::as_tuple(asio::use_awaitable);

// getaddrinfo doesn't say for how long its answer holds. So often may a name change its addresses unnoticed.
constexpr std::chrono::seconds dns_interval{5};
// A watch that has gone dead looks like one where nothing happens.
constexpr Millis watch_limit{10'000};
// A burst of changes is read once, and a watch that fails at once is not tried in a circle.
constexpr Millis after_change{50}, after_loss{500};
constexpr std::chrono::seconds list_interval{60};

asio::awaitable<void> pause(asio::io_context& context, Millis time) {
    asio::steady_timer timer(context, time);
    co_await timer.async_wait(as_values);
}

class ListLookup final : public Lookup {
public:
    ListLookup(asio::io_context& context, std::string service, std::string list)
        : context_(context), service_(std::move(service)), list_(std::move(list)) {}

    asio::awaitable<Result<Instances>> read() override {
        Instances instances = parse_instances(list_);
        if (!instances.empty()) co_return instances;
        co_return Error{Errc::invalid, "'" + service_ +
                                           "' is neither a list of host:port nor a name that "
                                           "HttpMicroService.RegistryOptions gives a list for"};
    }
    asio::awaitable<void> wait() override { return pause(context_, list_interval); }

private:
    asio::io_context& context_;
    std::string service_, list_;
};

class DnsLookup final : public Lookup {
public:
    DnsLookup(asio::io_context& context, std::string service) : context_(context), service_(std::move(service)) {}

    asio::awaitable<Result<Instances>> read() override {
        const auto named = parse_instance(service_);
        if (!named) co_return Error{Errc::invalid, "expected dns://host:port/path, got '" + service_ + "'"};
        const auto colon = named->address.rfind(':');
        std::string host = named->address.substr(0, colon), port = named->address.substr(colon + 1);
        tcp::resolver resolver(context_);
        const auto [error, found] =
            co_await resolver.async_resolve(host, port, tcp::resolver::numeric_service, as_values);
        if (error == asio::error::host_not_found) co_return Instances();
        if (error) co_return Error{Errc::unavailable, "DNS: " + error.message()};
        Instances instances;
        for (const auto& one : found) {
            const auto address = one.endpoint().address();
            const std::string text = address.is_v6() ? "[" + address.to_string() + "]" : address.to_string();
            instances.push_back({text + ":" + port, {}, 0});
        }
        co_return instances;
    }
    asio::awaitable<void> wait() override { return pause(context_, dns_interval); }

private:
    asio::io_context& context_;
    std::string service_;
};

asio::awaitable<Result<Instances>> query_there(std::string name, std::string server) {
    co_return query_srv(name, server);
}

class SrvLookup final : public Lookup {
public:
    SrvLookup(asio::io_context& context, asio::thread_pool& blocking, std::string name, std::string server)
        : context_(context), blocking_(blocking), name_(std::move(name)), server_(std::move(server)) {}

    asio::awaitable<Result<Instances>> read() override {
        auto query = query_there(name_, server_);
        co_return co_await asio::co_spawn(blocking_, std::move(query), asio::use_awaitable);
    }
    asio::awaitable<void> wait() override { return pause(context_, dns_interval); }

private:
    asio::io_context& context_;
    asio::thread_pool& blocking_;
    std::string name_, server_;
};

class EtcdLookup final : public Lookup {
public:
    EtcdLookup(asio::io_context& context, EtcdOptions options, Layout layout, std::string_view service)
        : context_(context),
          has_members_(!options.endpoints.empty()),
          client_(context, std::move(options)),
          layout_(layout),
          prefix_(key_prefix(layout, service)) {}

    asio::awaitable<Result<Instances>> read() override {
        if (!has_members_) {
            co_return Error{Errc::invalid,
                            "the address names no registry, and neither does MicroService.Target nor "
                            "HttpMicroService.RegistryAddress"};
        }
        auto range = co_await client_.read(prefix_);
        if (!range) co_return range.error();
        revision_ = range->revision;
        Instances instances;
        for (const auto& [key, value] : range->items) {
            for (Instance& instance : read_entry(layout_, key, value)) instances.push_back(std::move(instance));
        }
        co_return instances;
    }
    asio::awaitable<void> wait() override {
        const Watched watched = co_await client_.wait_for_change(prefix_, revision_, watch_limit);
        if (watched == Watched::changed) co_await pause(context_, after_change);
        if (watched == Watched::lost) co_await pause(context_, after_loss);
    }

private:
    asio::io_context& context_;
    bool has_members_;
    EtcdClient client_;
    Layout layout_;
    std::string prefix_;
    std::int64_t revision_ = 0;
};

}  // namespace

std::unique_ptr<Lookup> make_lookup(net::AsioLoop& loop, asio::thread_pool& blocking, const ServiceName& name,
                                    const DirectoryOptions& options) {
    asio::io_context& context = loop.context();
    if (name.scheme == "static") {
        const auto list = options.lists.find(name.service);
        return std::make_unique<ListLookup>(context, name.service,
                                            list == options.lists.end() ? name.service : list->second);
    }
    if (name.scheme == "dns") return std::make_unique<DnsLookup>(context, name.service);
    if (name.scheme == "srv") return std::make_unique<SrvLookup>(context, blocking, name.service, name.authority);
    EtcdOptions etcd;
    etcd.endpoints = etcd_endpoints(name.authority.empty() ? options.etcd : name.authority);
    etcd.user = options.etcd_user;
    etcd.password = options.etcd_password;
    return std::make_unique<EtcdLookup>(context, std::move(etcd), name.layout, name.service);
}

}  // namespace dtmd::participant
