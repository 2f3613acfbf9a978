#include "store/redis/backend_impl.h"
#include "store/redis/time_text.h"

#include <algorithm>

// Taking out what has expired. Redis removes the records by itself, but not their entries in our indexes.
namespace dtmd::store::redis {
namespace {

constexpr std::size_t entries_at_once = 256;
constexpr int most_rounds = 16;
constexpr auto interval = std::chrono::seconds(1);

// What a script compares finish times with; empty: nothing is to be removed.
std::string text_of(Time time) {
    if (time <= no_time) return "";
    const std::string quoted = json_time(time);
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<std::size_t> RedisBackend::expire(Time finished_before, std::size_t limit) {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    std::size_t removed = 0;
    for (std::size_t slice = 0; slice < shared_->layout.slices().size() && removed < limit; ++slice) {
        const auto swept = sweep(slice, {finished_before, Time::max(), limit - removed});
        if (!swept && removed == 0) return swept.error();
        if (swept) removed += *swept;
    }
    return removed;
}

// From claim_due, which is called about every second. What goes wrong here is nobody's concern.
void RedisBackend::sweep_now_and_then(Time now) {
    const auto& options = shared_->options;
    const auto kept = std::min(options.data_expire, options.finished_expire);
    if (kept.count() == 0 || !shared_->is_time_to_sweep(interval)) return;
    for (std::size_t slice = 0; slice < shared_->layout.slices().size(); ++slice) {
        if (!sweep(slice, {no_time, now - kept, 0})) return;
    }
}

// Looks at a part of one index, beginning where it stopped last time, and goes on while that is worth while.
Result<std::size_t> RedisBackend::sweep(std::size_t number, const Sweep& what) {
    const Slice& slice = shared_->layout.slices()[number];
    std::size_t& at = sweep_at_[number];
    const std::string before = text_of(what.finished_before);
    std::size_t removed = 0;
    for (int round = 0; round < most_rounds; ++round) {
        const std::string words[] = {slice.prefix, std::to_string(at), std::to_string(entries_at_once), before,
                                     std::to_string(what.limit - removed)};
        const Answer answer =
            link_.run({slice.slot, script_call(Script::sweep, {slice.created(), slice.open(), slice.due()}, words)});
        if (!answer) return answer.error();
        if (answer->items.size() < 4) return odd_answer("a sweep");
        const auto count = [&](std::size_t i) { return static_cast<std::size_t>(answer->items[i].integer); };
        removed += count(2);
        at += count(0) - count(1);
        // What was created lately can't have expired: begin again with the oldest.
        const auto newest = parse_created(answer->at(3));
        const bool is_end = count(0) < entries_at_once || (newest && from_ms(*newest) > what.created_before);
        if (is_end) at = 0;
        if (is_end || count(1) < entries_at_once / 4 || (!before.empty() && removed >= what.limit)) break;
    }
    return removed;
}

}  // namespace dtmd::store::redis
