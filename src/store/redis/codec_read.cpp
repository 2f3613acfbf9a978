#include "store/redis/codec.h"
#include "store/redis/json_text.h"
#include "store/redis/rebuild.h"
#include "store/redis/time_text.h"

#include <absl/strings/escaping.h>

#include <optional>

namespace dtmd::store::redis {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Time read_time(JsonReader& json) {
    const auto time = parse_time(json.string());
    return time && *time > no_time ? *time : no_time;  // Go's zero time is in the year 1.
}

Pairs read_pairs(JsonReader& json) {
    Pairs pairs;
    json.object([&](std::string key) { pairs.emplace_back(std::move(key), json.string()); });
    return pairs;
}

// False: `key` is none of the options.
bool read_option(JsonReader& json, std::string_view key, txn::Transaction& out) {
    auto& options = out.options;
    if (key == "wait_result") {
        options.wait_result = json.boolean();
    } else if (key == "timeout_to_fail") {
        options.timeout_to_fail = json.integer();
    } else if (key == "request_timeout") {
        options.request_timeout = json.integer();
    } else if (key == "retry_interval") {
        options.retry_interval = json.integer();
    } else if (key == "branch_headers") {
        options.branch_headers = read_pairs(json);
    } else if (key == "concurrent") {
        options.concurrent = json.boolean();
    } else if (key == "retry_limit") {
        options.retry_limit = json.integer();
    } else if (key == "retry_count") {
        out.retry_count = json.integer();
    } else {
        return false;
    }
    return true;
}

// dtm decodes its options text over the object: what the text doesn't name stays as it is.
void read_options_text(std::string_view text, txn::Transaction& out) {
    JsonReader json(text);
    if (text.empty()) return;
    json.object([&](const std::string& key) {
        if (!read_option(json, key, out)) json.skip();
    });
}

struct Ours {
    bool found = false;
    std::int64_t not_before = 0;
    std::size_t rows = 0;
    std::string text;
};

// Takes our block out of ext_data and leaves what was there before it.
Ours take_ours(std::string& ext_data) {
    constexpr std::string_view beginning = "{\"dtmd\":";
    Ours ours;
    const std::size_t end = ext_data.find('}');  // Ours holds numbers and base64 only.
    if (!ext_data.starts_with(beginning) || end == std::string::npos) return ours;
    JsonReader json(std::string_view(ext_data).substr(beginning.size(), end + 1 - beginning.size()));
    json.object([&](const std::string& key) {
        if (key == "not_before") {
            ours.not_before = json.integer();
        } else if (key == "rows") {
            ours.rows = static_cast<std::size_t>(json.integer());
        } else if (key == "text") {
            absl::Base64Unescape(json.string(), &ours.text);
        } else {
            json.skip();
        }
    });
    if (!json.at_end()) return {};
    ours.found = true;
    const std::string_view rest = std::string_view(ext_data).substr(end + 1);
    ext_data = rest.starts_with(",") ? "{" + std::string(rest.substr(1)) : ours.text;
    return ours;
}

struct Head {
    txn::Transaction out;
    std::string options, status, mode;
    bool has_steps = false;
};

bool read_text_member(JsonReader& json, std::string_view key, Head& head) {
    auto& out = head.out;
    if (key == "gid") {
        out.gid = json.string();
    } else if (key == "trans_type") {
        head.mode = json.string();
    } else if (key == "status") {
        head.status = json.string();
    } else if (key == "query_prepared") {
        out.query_prepared = json.string();
    } else if (key == "protocol") {
        out.protocol = json.string();
    } else if (key == "result") {
        out.result = json.string();
    } else if (key == "rollback_reason") {
        out.rollback_reason = json.string();
    } else if (key == "options") {
        head.options = json.string();
    } else if (key == "custom_data") {
        out.custom_data = json.string();
    } else if (key == "owner") {
        out.owner = json.string();
    } else if (key == "ext_data") {
        out.ext_data = json.string();
    } else {
        return false;
    }
    return true;
}

bool read_other_member(JsonReader& json, std::string_view key, Head& head) {
    auto& out = head.out;
    if (key == "create_time") {
        out.create_time = read_time(json);
    } else if (key == "update_time") {
        out.update_time = read_time(json);
    } else if (key == "finish_time") {
        out.finish_time = read_time(json);
    } else if (key == "rollback_time") {
        out.rollback_time = read_time(json);
    } else if (key == "next_cron_time") {
        out.next_cron_time = read_time(json);
    } else if (key == "next_cron_interval") {
        out.next_cron_interval = json.integer();
    } else if (key == "steps") {
        head.has_steps = true;
        json.array([&] { out.steps.push_back({read_pairs(json)}); });
    } else if (key == "payloads") {
        head.has_steps = true;
        json.array([&] { out.payloads.push_back(json.string()); });
    } else {
        return false;
    }
    return true;
}

std::optional<Head> read_head(std::string_view text) {
    Head head;
    head.out.protocol.clear();
    JsonReader json(text);
    json.object([&](const std::string& key) {
        if (read_text_member(json, key, head) || read_other_member(json, key, head)) return;
        if (!read_option(json, key, head.out)) json.skip();
    });
    if (!json.at_end()) return std::nullopt;
    read_options_text(head.options, head.out);
    return head;
}

void read_ours_of_branch(JsonReader& json, txn::Branch& out) {
    json.object([&](const std::string& key) {
        if (key == "attempts") {
            out.attempts = static_cast<std::uint32_t>(json.integer());
        } else if (key == "first_call") {
            out.first_call = from_ms(json.integer());
        } else if (key == "last_call") {
            out.last_call = from_ms(json.integer());
        } else if (key == "last_error") {
            out.last_error = json.string();
        } else {
            json.skip();
        }
    });
}

std::optional<txn::Branch> read_branch(std::string_view text) {
    txn::Branch out;
    std::string status, body;
    JsonReader json(text);
    json.object([&](const std::string& key) {
        if (key == "create_time") {
            out.create_time = read_time(json);
        } else if (key == "update_time") {
            out.update_time = read_time(json);
        } else if (key == "finish_time") {
            out.finish_time = read_time(json);
        } else if (key == "url") {
            out.url = json.string();
        } else if (key == "bin_data") {
            body = json.string();
        } else if (key == "branch_id") {
            out.branch_id = json.string();
        } else if (key == "op") {
            out.op = json.string();
        } else if (key == "status") {
            status = json.string();
        } else if (key == "dtmd") {
            read_ours_of_branch(json, out);
        } else {
            json.skip();
        }
    });
    if (!json.at_end() || !absl::Base64Unescape(body, &out.body)) return std::nullopt;
    if (!status.empty() && !txn::parse(status, out.status)) return std::nullopt;
    return out;
}

Error damaged(std::string_view gid, std::string_view what) {
    return {Errc::unavailable, "Redis holds a record of " + std::string(gid) + " that can't be read: " +
                                   std::string(what) + ". Look at it with redis-cli, then correct or remove it."};
}

}  // namespace

Result<txn::Transaction> decode(const Stored& stored) {
    auto head = read_head(stored.global);
    if (!head) return damaged(stored.gid, "it is not the JSON of a transaction");
    auto& out = head->out;
    const std::string& status = stored.status.empty() ? head->status : stored.status;
    if (!txn::parse(head->mode, out.mode)) return damaged(stored.gid, "trans_type is \"" + head->mode + "\"");
    if (!txn::parse(status, out.status)) return damaged(stored.gid, "its status is \"" + status + "\"");
    out.gid = stored.gid;
    if (const auto due = parse_score(stored.score)) out.next_cron_time = *due;

    out.branches.reserve(stored.branches.size());
    for (const auto& text : stored.branches) {
        auto branch = read_branch(text);
        if (!branch) return damaged(stored.gid, "branch row " + std::to_string(out.branches.size()));
        out.branches.push_back(*std::move(branch));
    }
    const Ours ours = take_ours(out.ext_data);
    out.not_before = from_ms(ours.not_before);
    if (!head->has_steps) rebuild_steps(out, ours.found ? ours.rows : out.branches.size());
    return std::move(out);
}

bool apply_patch(const Patch& patch, txn::Transaction& transaction) {
    for (const auto& row : patch.rows) {
        if (row.row >= transaction.branches.size()) return false;
    }
    for (const auto& row : patch.rows) {
        auto& branch = transaction.branches[row.row];
        branch.status = row.status;
        branch.update_time = row.update_time;
        branch.finish_time = row.finish_time;
        branch.attempts = row.attempts;
        branch.last_error = row.last_error;
        branch.first_call = row.first_call;
        branch.last_call = row.last_call;
    }
    const auto set = [](auto& field, const auto& value) {
        if (value) field = *value;
    };
    set(transaction.status, patch.status);
    set(transaction.rollback_reason, patch.rollback_reason);
    set(transaction.result, patch.result);
    set(transaction.custom_data, patch.custom_data);
    set(transaction.options, patch.options);
    set(transaction.finish_time, patch.finish_time);
    set(transaction.rollback_time, patch.rollback_time);
    set(transaction.not_before, patch.not_before);
    set(transaction.next_cron_interval, patch.next_cron_interval);
    set(transaction.retry_count, patch.retry_count);
    set(transaction.next_cron_time, patch.next_cron_time);
    transaction.update_time = patch.update_time;
    return true;
}

Result<KeyValue> decode_key_value(std::string_view text) {
    KeyValue item;
    JsonReader json(text);
    json.object([&](const std::string& key) {
        if (key == "create_time") {
            item.create_time = read_time(json);
        } else if (key == "update_time") {
            item.update_time = read_time(json);
        } else if (key == "cat") {
            item.category = json.string();
        } else if (key == "k") {
            item.key = json.string();
        } else if (key == "v") {
            item.value = json.string();
        } else if (key == "version") {
            item.version = static_cast<std::uint64_t>(json.integer());
        } else {
            json.skip();
        }
    });
    if (!json.at_end()) {
        return Error{Errc::unavailable,
                     "Redis holds a key-value record that is no JSON. Look for it with redis-cli "
                     "under the prefix's _kv_ keys, then correct or remove it."};
    }
    return item;
}

}  // namespace dtmd::store::redis
