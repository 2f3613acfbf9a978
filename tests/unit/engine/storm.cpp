#include "storm.h"

#include "scenes.h"

#include <algorithm>

namespace dtmd::testing {
namespace {

using store::Outcome;
using txn::Mode;

constexpr Millis storm_lasts{90'000};
constexpr int most_clients = 14;
constexpr Mode modes[] = {Mode::saga, Mode::saga, Mode::saga, Mode::tcc, Mode::xa, Mode::message, Mode::workflow};

// Step 0 waits for 2, 3 for 0 and 1: neither the order in which they are written nor all at once.
constexpr const char* orders = R"({"concurrent":true,"orders":{"0":[2],"3":[0,1]}})";

void spread_over_hosts(txn::Transaction& transaction, int first) {
    for (txn::Step& step : transaction.steps) {
        for (auto& [op, url] : step.members) {
            const auto path = url.find('/', 7);
            url = "http://host" + std::to_string(first % 3) + url.substr(path);
        }
        ++first;
    }
}

}  // namespace

Storm::Storm(std::uint64_t seed, bool tracing) : random_(seed), world_(random_settings()) {
    witness_.tracing = tracing;
    world_.random = SeededRandom(seed);
    world_.store.before = Millis{between(0, 8)};
    world_.store.delay = Millis{between(0, 8)};
    world_.store.exclusive = chance(0.6);
    answer_trouble_ = chance(0.3) ? 0 : 0.5 * static_cast<double>(between(0, 100)) / 100;
    crash_rate_ = chance(0.3) ? 0 : 0.01;
    store_trouble_ = chance(0.3) ? 0 : 0.03;
    meddling_ = chance(0.5) ? 0 : 0.01;
    world_.participant.script = [this](const participant::Call& call) { return answer_to(call); };
    world_.participant.takes = [this](const participant::Call& call) { return time_of(call); };
    const std::int64_t count = between(1, most_clients);
    for (int i = 0; i < count; ++i) add_client(i);
}

engine::Settings Storm::random_settings() {
    engine::Settings settings;
    settings.per_host_concurrency = static_cast<std::size_t>(between(1, 6));
    settings.max_resident = chance(0.5) ? static_cast<std::size_t>(between(1, 4)) : 1'000;
    settings.max_claimed = chance(0.3) ? static_cast<std::size_t>(between(1, 3)) : 1'000;
    settings.lazy_branch_results = chance(0.3);
    settings.policy.max_retry_interval = Millis{between(20, 120) * 1000};
    return settings;
}

void Storm::add_client(int number) {
    const Mode mode = modes[between(0, std::ssize(modes) - 1)];
    const std::string gid = "g" + std::to_string(number) + std::string(txn::name(mode));
    Client& client = clients_.emplace_back(world_, witness_, mode, gid, chance(0.7), chance(0.3));
    client.repeats = chance(0.2);
    starts_.push_back(world_.loop.now() + Millis{between(0, storm_lasts.count() / 2)});
    txn::Transaction& transaction = client.transaction;
    if (mode == Mode::saga || mode == Mode::message) {
        const int steps = chance(0.3) ? 4 : static_cast<int>(between(0, 3));
        txn::Transaction made = mode == Mode::saga ? saga(gid, steps) : message(gid, steps);
        transaction.steps = made.steps;
        transaction.payloads = made.payloads;
        if (mode == Mode::saga && steps == 4 && chance(0.7)) transaction.custom_data = orders;
        if (mode == Mode::saga && steps == 3 && chance(0.5)) transaction.custom_data = R"({"concurrent":true})";
        if (mode == Mode::message && chance(0.2)) transaction.custom_data = R"({"delay":3})";
        if (mode == Mode::message) transaction.options.concurrent = chance(0.5);
        spread_over_hosts(transaction, static_cast<int>(between(0, 2)));
    }
    if (chance(0.3)) transaction.options.retry_interval = between(1, 4);
    if (chance(0.3)) transaction.options.timeout_to_fail = between(1, 50);
    if (chance(0.2)) transaction.options.request_timeout = between(1, 15);
    if (mode == Mode::saga && chance(0.3)) transaction.options.retry_limit = between(1, 4);
    if (mode == Mode::saga && chance(0.3)) refused_.insert(gid + "/0" + std::to_string(between(1, 4)));
}

participant::Reply Storm::answer_to(const participant::Call& call) {
    if (call.trans_type == "workflow") {
        if (!stormy_ || chance(0.3)) world_.submit_workflow(call.gid, "succeed");
        return !stormy_ || chance(0.5) ? success() : unknown(chance(0.5));
    }
    if (call.op == "action" && refused_.contains(call.gid + "/" + call.branch_id)) return failure("not this one");
    if (!stormy_ || !chance(answer_trouble_)) return success();
    switch (between(0, 3)) {
        case 0: return ongoing();
        case 1: return unknown(false);
        // A failure of what must succeed is asked again; where it may refuse it does so for good.
        case 2:
            return goes_back(call.op) || call.op == "confirm" || call.op == "commit" ? failure("not yet") : unknown();
        default: return unknown();
    }
}

std::optional<Millis> Storm::time_of(const participant::Call& call) {
    if (!stormy_ || chance(0.7)) return Millis{between(1, 20)};
    return Millis{between(1, call.timeout.count())};
}

void Storm::crash() {
    ++crashes;
    world_.crash();
    witness_.crashed();
    for (Client& client : clients_) client.crashed();
}

void Storm::disturb_store() {
    if (world_.store.down) {
        if (world_.loop.now() >= store_back_) world_.store.down = false;
        return;
    }
    if (!chance(store_trouble_)) return;
    if (chance(0.1)) {
        witness_.note("--- the store goes away");
        world_.store.down = true;
        store_back_ = world_.loop.now() + Millis{between(1, 5'000)};
        return;
    }
    world_.store.next_outcomes.push_back(chance(0.5) ? Outcome::unknown : Outcome::unavailable);
    witness_.note("--- the next write goes wrong");
}

// Operators and clients who do what nobody expects.
void Storm::meddle() {
    const Client& one = clients_[static_cast<std::size_t>(between(0, std::ssize(clients_) - 1))];
    switch (between(0, 5)) {
        case 0:
            witness_.note("ask  force stop " + one.gid());
            witness_.force_stop_asked(one.gid());
            world_.force_stop(one.gid());
            return;
        case 1: world_.reset_next_cron_time(one.gid()); return;
        case 2: world_.reset_cron_time(std::chrono::seconds(1), 3, nullptr); return;
        case 3: world_.query(one.gid(), nullptr); return;
        default:
            if (!world_.store.rows.contains(one.gid())) return;
            if (one.transaction.mode != Mode::workflow) world_.submit(one.transaction);
            return;
    }
}

void Storm::disturb() {
    disturb_store();
    if (chance(crash_rate_)) crash();
    if (chance(meddling_)) meddle();
}

void Storm::calm_down() {
    witness_.note("--- calm");
    stormy_ = false;
    world_.store.down = false;
    world_.store.next_outcomes.clear();
}

bool Storm::all_ended() const {
    const auto ended = [](const auto& item) { return txn::is_final(item.second.status); };
    return std::ranges::all_of(world_.store.rows, ended) && std::ranges::all_of(clients_, &Client::is_done);
}

std::vector<std::string> Storm::run() {
    const Time calm = world_.loop.now() + storm_lasts;
    const Time end = calm + std::chrono::hours(1);
    while (witness_.is_quiet() && (stormy_ || !all_ended())) {
        if (stormy_ && world_.loop.now() >= calm) calm_down();
        if (stormy_) disturb();
        for (std::size_t i = 0; i < clients_.size(); ++i) {
            if (world_.loop.now() >= starts_[i]) clients_[i].poll();
        }
        if (!world_.loop.step(end)) break;
    }
    if (!witness_.is_quiet()) return witness_.complaints;
    witness_.check_the_end();
    for (const Client& client : clients_) {
        if (!client.is_done()) witness_.complaints.push_back(client.gid() + ": its client was never answered");
    }
    world_.loop.run_for(Millis{20'000});  // Calls that are still open for what was stopped.
    if (world_.metrics.flying != 0) witness_.complaints.push_back("somebody is still in flight");
    if (world_.metrics.sleeping != 0) witness_.complaints.push_back("somebody still sleeps");
    for (const auto& [gid, row] : world_.store.rows) ++(row.status == txn::Status::succeed ? ended_well : ended_badly);
    return witness_.complaints;
}

}  // namespace dtmd::testing
