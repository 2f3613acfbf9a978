#include "store/redis/redis_backend.h"

#include "store/redis/backend_impl.h"
#include "store/redis/time_text.h"

#include <charconv>

namespace dtmd::store {
namespace {

Result<void> check(const RedisOptions& options) {
    const auto bad = [](std::string text) { return Error{Errc::invalid, "Redis store: " + std::move(text)}; };
    if (options.hosts.empty()) return bad("no host is given.");
    if (options.topology == RedisTopology::sentinel && options.master_name.empty()) {
        return bad("with sentinels the name of the primary they watch is needed.");
    }
    if (options.topology == RedisTopology::cluster && options.database != 0) {
        return bad("a Redis Cluster has only database 0.");
    }
    if (options.database < 0) return bad("the database number is negative.");
    if (options.prefix.empty()) return bad("the prefix is empty; dtm's is {a}.");
    const auto open = options.prefix.find('{');
    const auto close = options.prefix.find('}', open == std::string::npos ? 0 : open);
    const bool has_tag = open != std::string::npos && close != std::string::npos && close > open + 1;
    if (options.topology == RedisTopology::cluster && !has_tag) {
        return bad(
            "in a Cluster the prefix needs braces with something in them, as in {a}: what is between them "
            "chooses the slot, and the keys of a transaction must share one.");
    }
    if (options.slices > 16384) return bad("more slices than a Cluster has slots (16384).");
    if (options.wait_replicas < 0) return bad("a negative number of replicas can't be waited for.");
    if (!options.user.empty() && options.password.empty()) return bad("a user is given, but no password.");
    return {};
}

}  // namespace

Result<BackendFactory> open_redis(RedisOptions options) {
    if (auto checked = check(options); !checked) return checked.error();
    const std::size_t slices = options.slices;
    redis::Layout layout = slices == 0 ? redis::Layout(options.prefix) : redis::Layout(options.prefix, slices);
    auto shared = std::make_shared<redis::Shared>(std::move(options), std::move(layout));
    const bool has_sentinels = shared->options.topology == RedisTopology::sentinel;
    for (const auto& host : shared->options.hosts) {
        auto address = redis::parse_address(host, has_sentinels ? 26379 : 6379);
        if (!address) return address.error();
        shared->hosts.push_back(*std::move(address));
    }
    if (shared->options.tls.enabled) {
        auto tls = redis::TlsContext::make(shared->options.tls);
        if (!tls) return tls.error();
        shared->tls = *std::move(tls);
    }
    std::shared_ptr<const redis::SentinelWatch> watch;
    if (has_sentinels) watch = std::make_shared<const redis::SentinelWatch>(shared);
    return BackendFactory([shared, watch] { return std::make_unique<redis::RedisBackend>(shared, watch); });
}

namespace redis {

RedisBackend::RedisBackend(std::shared_ptr<Shared> shared, std::shared_ptr<const SentinelWatch> watch)
    : shared_(std::move(shared)), link_(shared_, std::move(watch)), sweep_at_(shared_->layout.slices().size(), 0) {}

std::string script_call(Script script, std::initializer_list<std::string> keys, std::span<const std::string> words) {
    CommandText text(3 + keys.size() + words.size());
    text.add("EVALSHA").add(sha_of(script)).add(std::to_string(keys.size()));
    for (const auto& key : keys) text.add(key);
    for (const auto& word : words) text.add(word);
    return text.take();
}

Error odd_answer(std::string_view to_what) {
    return {Errc::unknown, "Redis gave an answer of a form that we don't know to " + std::string(to_what) +
                               ". Is it Redis 6 or newer?"};
}

// A store that was filled with another number of slices would look empty, and its transactions would stand still.
Result<void> RedisBackend::ready() {
    if (is_ready_) return {};
    const Slice& base = shared_->layout.base();
    const std::string key = base.prefix + "_dtmd_slices";
    const std::string ours = std::to_string(shared_->options.slices);
    const Command commands[] = {{base.slot, command("SETNX", key, ours)}, {base.slot, command("GET", key)}};
    const auto answers = link_.change(commands);
    if (!answers[0]) return Error{Errc::unavailable, answers[0].error().what};
    if (!answers[1]) return Error{Errc::unavailable, answers[1].error().what};
    if (const std::string& stored = answers[1]->text; stored != ours) {
        return Error{Errc::unavailable, "The store under the prefix " + base.prefix + " was made with " + stored +
                                            " slices and is configured with " + ours +
                                            " now (0 is dtm's layout): its transactions would not be found. "
                                            "Configure it as it was made, or choose another prefix."};
    }
    is_ready_ = true;
    return {};
}

Result<std::optional<Stored>> RedisBackend::read(const std::string& gid) {
    const Slice& slice = slice_of(gid);
    const std::string words[] = {gid};
    const Answer answer = link_.run(
        {slice.slot,
         script_call(Script::load, {slice.global(gid), slice.branches(gid), slice.status(gid), slice.due()}, words)});
    if (!answer) return Error{Errc::unavailable, answer.error().what};
    if (answer->items.empty()) return std::optional<Stored>();
    if (answer->items.size() < 5) return odd_answer("a load");
    Stored stored{.gid = gid, .global = answer->at(1), .status = answer->at(2), .score = answer->at(3), .branches = {}};
    for (const Reply& row : answer->items[4].items) stored.branches.push_back(row.text);
    return std::optional(std::move(stored));
}

Result<std::optional<txn::Transaction>> RedisBackend::load(const std::string& gid) {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    auto stored = read(gid);
    if (!stored) return stored.error();
    if (!*stored) return std::optional<txn::Transaction>();
    auto transaction = decode(**stored);
    if (!transaction) return transaction.error();
    return std::optional(*std::move(transaction));
}

Result<std::optional<Time>> RedisBackend::clock() {
    const Answer answer = link_.run({shared_->layout.base().slot, command("TIME")});
    if (!answer) return answer.error();
    std::int64_t seconds = 0, micros = 0;
    const auto number = [](const std::string& text, std::int64_t& out) {
        return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
    };
    if (!number(answer->at(0), seconds) || !number(answer->at(1), micros)) return odd_answer("TIME");
    return std::optional(from_ms(seconds * 1000 + micros / 1000));
}

// Writing something tells of a full memory, a full disk, missing replicas, and a server that became a replica.
Result<void> RedisBackend::ping() {
    if (auto is_ready = ready(); !is_ready) return is_ready;
    std::vector<Command> commands;
    for (const Slice& slice : shared_->layout.slices()) {
        commands.push_back({slice.slot, command("SET", slice.prefix + "_dtmd_ping", "1", "EX", "60")});
    }
    for (const Answer& answer : link_.change(commands)) {
        if (!answer) return answer.error();
    }
    return {};
}

}  // namespace redis
}  // namespace dtmd::store
