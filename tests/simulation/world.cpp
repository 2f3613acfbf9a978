#include "world.h"

#include <algorithm>

namespace dtmd::simulation {
namespace {

using txn::Mode;

// Long enough for every host to be given up on, and for every other back-off to be over.
constexpr Millis long_absence{900'000};
// A call and a probe that are under way when it comes back, the next probe, and the work that is left.
constexpr Millis return_takes{60'000};

constexpr Mode modes[] = {Mode::saga, Mode::saga, Mode::saga, Mode::tcc, Mode::xa, Mode::message, Mode::workflow};

Profile with_failover(Profile profile, bool lossy) {
    profile.lossy_failover = lossy && profile.name == "redis";
    return profile;
}

}  // namespace

World::World(std::uint64_t seed, const Options& options)
    : context_(seed),
      scenario_(make_scenario(context_.dice, options.profile)),
      profile_(with_failover(*scenario_.profile, options.lossy_failover)),
      durable_(context_, profile_),
      bank_(context_),
      witness_(durable_.tables.rows, profile_.exclusive, scenario_.settings.lazy_branch_results,
               [this](const std::string& gid, const std::string& what) { context_.complain(gid, what); }),
      network_(context_, bank_, witness_, scenario_.call_trouble),
      gateway_(context_, nodes_, scenario_.client_trouble),
      operators_({context_, gateway_, network_, bank_, witness_}),
      begin_(context_.queue.now()),
      calm_at_(begin_ + scenario_.storm) {
    context_.trace.prints = options.prints;
    durable_.witness = &witness_;
    bank_.excuses = [this](const std::string& gid) { return witness_.was_lost(gid); };
    witness_.on_end = [this](const txn::Transaction& row) { bank_.ended(row); };
    network_.on_callback = [this](const std::string& gid) { return called_back(gid); };
    for (int i = 0; i < scenario_.nodes; ++i) nodes_.emplace_back(context_, scenario_, durable_, network_, witness_, i);
    next_crash_ =
        scenario_.crashes > 0 ? context_.dice.between(1, static_cast<std::int64_t>(2 / scenario_.crashes)) : 0;
}

void World::begin() {
    context_.note("profile ", profile_.name, ", nodes ", scenario_.nodes, ", shards ", scenario_.shards, ", clients ",
                  scenario_.clients);
    for (Node& node : nodes_) node.start();
    for (const std::string& topic : {Operators::topics()[0], Operators::topics()[0], Operators::topics()[1]}) {
        operators_.subscribe(topic);
    }
    for (int i = 0; i < scenario_.clients; ++i) {
        ++not_begun_;
        const Millis start{context_.dice.between(100, scenario_.storm.count() * 2 / 3)};
        context_.queue.after(start, the_world, [this, i] { add_client(i); });
    }
    every_second();
}

void World::add_client(int number) {
    --not_begun_;
    const Mode mode = modes[context_.dice.index(std::size(modes))];
    std::string gid = "g" + std::to_string(number) + std::string(txn::name(mode));
    Plan plan = make_plan(context_.dice, mode, gid, Operators::topics());
    const Surroundings surroundings{context_, gateway_, network_, bank_, witness_};
    const double abandons = context_.dice.chance(0.3) ? 0.1 : 0;
    if (mode == Mode::workflow) {
        workflows_.try_emplace(gid, surroundings, std::move(plan), abandons).first->second.start();
    } else {
        clients_.emplace_back(surroundings, std::move(plan), abandons).start();
    }
}

bool World::called_back(const std::string& gid) {
    const auto found = workflows_.find(gid);
    return found != workflows_.end() && found->second.called_back();
}

std::vector<std::string> World::gids() const {
    std::vector<std::string> all;
    for (const Client& client : clients_) all.push_back(client.gid());
    for (const auto& [gid, workflow] : workflows_) all.push_back(gid);
    return all;
}

bool World::all_ended() const {
    if (not_begun_ > 0 || gateway_.unanswered() > 0) return false;
    const auto ended = [](const auto& item) { return txn::is_final(item.second.status); };
    return std::ranges::all_of(clients_, &Client::is_done) &&
           std::ranges::all_of(workflows_, [](const auto& one) { return one.second.is_done(); }) &&
           std::ranges::all_of(durable_.tables.rows, ended);
}

bool World::live_until(Time limit) {
    while (is_quiet()) {
        if (context_.stormy && next_crash_ > 0 && --next_crash_ == 0) crash_one();
        if (!context_.queue.step(limit)) return true;
        if (!context_.stormy && context_.queue.world_events() == 0 && all_ended()) return true;
    }
    return false;
}

void World::pass_time(Millis span) {
    const Time limit = context_.queue.now() + span;
    while (is_quiet() && context_.queue.step(limit)) {
    }
}

void World::calm_down() {
    context_.note("--- calm");
    context_.stormy = false;
    durable_.recover();
    network_.recover();
    revive_at_.clear();
    for (Node& node : nodes_) {
        if (node.is_running() && !node.is_up()) node.crash();  // It was about to stop.
        if (!node.is_running()) node.start();
    }
}

// All has ended but what needs this host.
bool World::rest_has_ended(int host) const {
    const std::string address = Bank::address(host);
    const auto needs_it = [&](const txn::Transaction& row) {
        const auto is_there = [&](const txn::Branch& branch) { return branch.url.starts_with(address); };
        return row.query_prepared.starts_with(address) || std::ranges::any_of(row.branches, is_there);
    };
    const auto& rows = durable_.tables.rows;
    const auto is_excused = [&](const std::string& gid) { return rows.contains(gid) && needs_it(rows.at(gid)); };
    return not_begun_ == 0 &&
           std::ranges::all_of(clients_, [&](const auto& one) { return one.is_done() || is_excused(one.gid()); }) &&
           std::ranges::all_of(workflows_, [](const auto& one) { return one.second.is_done(); }) &&
           std::ranges::all_of(
               rows, [&](const auto& one) { return txn::is_final(one.second.status) || needs_it(one.second); });
}

// Nothing blocks the rest (promise 7): while one participant is away, all ends that does not need it.
bool World::outlive_a_dead_host() {
    const int host = static_cast<int>(context_.dice.index(Bank::hosts));
    const Time limit = context_.queue.now() + patience;
    ++context_.tally.dead_hosts;
    network_.take_down(host, patience + 2 * long_absence);
    while (is_quiet() && !rest_has_ended(host)) {
        const Time look_again = context_.queue.now() + Millis{1'000};
        bool in_time = true;
        while (in_time && is_quiet() && context_.queue.now() < look_again) in_time = context_.queue.step(limit);
        if (!in_time) context_.complain(Bank::address(host), "is away, and what does not need it has not ended");
    }
    if (returns_at_once()) {
        pass_time(long_absence);
        ends_within_ = return_takes;
    }
    context_.note("--- bank", host, " comes back");
    network_.recover();
    return is_quiet();
}

// Everything that waits for a host is woken when it is back, where one node keeps all of it in memory. What is not
// decided yet, and may never be, is left to the store between two check-backs.
bool World::returns_at_once() const {
    const engine::Settings& settings = scenario_.settings;
    const auto is_decided = [](const auto& one) { return one.second.status != txn::Status::prepared; };
    return std::ranges::all_of(durable_.tables.rows, is_decided) && scenario_.dead_host && !scenario_.expires &&
           nodes_.size() == 1 && settings.max_resident >= 1'000 && settings.max_claimed >= 1'000;
}

void World::run() {
    begin();
    if (!live_until(calm_at_)) return;
    calm_down();
    if (scenario_.dead_host && !outlive_a_dead_host()) return;
    if (!live_until(context_.queue.now() + ends_within_)) return;
    pass_time(Millis{2'000});  // The last answers are on their way.
    if (is_quiet()) check_the_end();
}

}  // namespace dtmd::simulation
