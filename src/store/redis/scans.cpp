#include "store/redis/backend_impl.h"
#include "store/redis/time_text.h"

#include <absl/strings/escaping.h>

#include <algorithm>
#include <charconv>

namespace dtmd::store::redis {
namespace {

// What one call may look at, so that a filter that matches next to nothing doesn't hold a scanner for long.
constexpr std::size_t list_effort = 20'000;

constexpr std::size_t least_entries = 64;

std::string to_position(std::int64_t created, const std::string& gid) {
    return "r" + std::to_string(created) + "-" + absl::WebSafeBase64Escape(gid);
}

bool parse_position(std::string_view text, std::int64_t& created, std::string& gid) {
    if (!text.starts_with('r')) return false;
    text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), created);
    const auto digits = static_cast<std::size_t>(end - text.data());
    if (error != std::errc() || digits >= text.size() || text[digits] != '-') return false;
    return absl::WebSafeBase64Unescape(std::string(text.substr(digits + 1)), &gid) && !gid.empty();
}

}  // namespace

// Entries of one slice behind a place, newest first: at least `count` of them, or else `is_last`.
Result<std::vector<RedisBackend::Entry>> RedisBackend::entries(const Slice& slice, const Filter& filter,
                                                               const std::optional<Place>& behind, std::size_t count,
                                                               bool& is_last) {
    // What is unfinished has an index of its own, so that finding it among millions that have finished is quick.
    const bool is_open = filter.status && !txn::is_final(*filter.status);
    std::int64_t highest = filter.created_to ? to_ms(*filter.created_to) : INT64_MAX;
    if (behind) highest = std::min(highest, behind->created);
    const std::string top = highest == INT64_MAX ? "+inf" : std::to_string(highest);
    const std::string bottom = filter.created_from ? std::to_string(to_ms(*filter.created_from)) : "-inf";
    const std::string status = filter.status ? std::string(txn::name(*filter.status)) : "";
    std::vector<Entry> out;
    is_last = false;
    for (std::size_t offset = 0; out.size() < count && !is_last;) {
        const std::size_t wanted = std::max(count, least_entries);
        const std::string words[] = {slice.prefix, top, bottom, std::to_string(offset), std::to_string(wanted), status};
        const Answer answer = link_.run(
            {slice.slot, script_call(Script::list, {is_open ? slice.open() : slice.created(), slice.due()}, words)});
        if (!answer) return answer.error();
        is_last = answer->items.size() < wanted;
        offset += answer->items.size();
        for (const Reply& item : answer->items) {
            Entry entry{.place = {.created = parse_created(item.at(1)).value_or(0), .gid = item.at(0)}, .stored = {}};
            // Within a millisecond the order is that of the gids, from the last to the first.
            if (behind && entry.place.created == behind->created && entry.place.gid >= behind->gid) continue;
            if (item.items.size() >= 6) {
                entry.stored = Stored{
                    .gid = item.at(0), .global = item.at(2), .status = item.at(3), .score = item.at(4), .branches = {}};
                for (const Reply& row : item.items[5].items) entry.stored->branches.push_back(row.text);
            }
            out.push_back(std::move(entry));
        }
    }
    return out;
}

Result<Page> RedisBackend::list(const Filter& filter, const std::string& position, std::size_t limit) {
    std::optional<Place> behind;
    if (!position.empty()) {
        behind.emplace();
        if (!parse_position(position, behind->created, behind->gid)) {
            return Error{Errc::invalid,
                         "position: \"" + position + "\" is none that this server gave out. Start again without it."};
        }
    }
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    if (position.empty()) {
        if (auto indexed = index_what_is_missing(); !indexed) return indexed.error();
    }
    Page page;
    for (std::size_t looked_at = 0; looked_at < list_effort;) {
        bool is_end = true;
        std::vector<Entry> found;
        std::optional<Place> reached;  ///< No slice has been read to the end beyond this.
        const auto is_before = [](const Place& a, const Place& b) {
            return a.created != b.created ? a.created > b.created : a.gid > b.gid;
        };
        for (const Slice& slice : shared_->layout.slices()) {
            bool is_last = false;
            auto some = entries(slice, filter, behind, limit + 1, is_last);
            if (!some) return some.error();
            if (!is_last) {
                is_end = false;
                if (!reached || is_before(some->back().place, *reached)) reached = some->back().place;
            }
            std::ranges::move(*some, std::back_inserter(found));
        }
        std::ranges::sort(found, [&](const Entry& a, const Entry& b) { return is_before(a.place, b.place); });
        for (Entry& entry : found) {
            if (reached && is_before(*reached, entry.place)) break;
            if (page.transactions.size() >= limit) {
                page.next_position = to_position(behind->created, behind->gid);
                return page;
            }
            ++looked_at;
            behind = entry.place;
            if (!entry.stored) continue;
            auto transaction = decode(*entry.stored);
            if (!transaction || (filter.mode && transaction->mode != *filter.mode)) continue;
            transaction->branches.clear();
            page.transactions.push_back(*std::move(transaction));
        }
        if (is_end) return page;
    }
    page.next_position = to_position(behind->created, behind->gid);
    return page;
}

Result<Counts> RedisBackend::counts() {
    if (auto is_ready = ready(); !is_ready) return is_ready.error();
    std::vector<Command> commands;
    for (const Slice& slice : shared_->layout.slices()) {
        const std::string words[] = {slice.prefix};
        commands.push_back({slice.slot, command("ZCARD", slice.due())});
        commands.push_back({slice.slot, script_call(Script::oldest, {slice.open()}, words)});
    }
    Counts counts;
    const auto answers = link_.run(commands);
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (!answers[i]) return answers[i].error();
        if (i % 2 == 0) {
            counts.unfinished += static_cast<std::uint64_t>(answers[i]->integer);
        } else if (const auto created = parse_created(answers[i]->text)) {
            const Time time = from_ms(*created);
            counts.oldest_unfinished = std::min(counts.oldest_unfinished.value_or(time), time);
        }
    }
    return counts;
}

}  // namespace dtmd::store::redis
