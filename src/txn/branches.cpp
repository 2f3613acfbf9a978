#include "txn/branches.h"

#include "txn/service_url.h"
#include "txn/text.h"

#include <algorithm>
#include <charconv>

namespace dtmd::txn {
namespace {

// At least two digits (protocol.md 5.1): 1 is "01", 100 is "100".
std::string numbered(std::size_t number) {
    std::string text = std::to_string(number);
    return text.size() < 2 ? "0" + text : text;
}

Branch make_row(std::string branch_id, std::string_view op, std::string_view url, std::string body, Time now) {
    Branch row;
    row.branch_id = std::move(branch_id);
    row.op = op;
    row.url = url;
    row.body = std::move(body);
    row.create_time = row.update_time = now;
    return row;
}

// protocol.md 4.3: the payloads in order, then every legacy `data` member behind them. Where the payloads are
// complete, `data` says the same for older servers.
std::vector<std::string> bodies_of(const Transaction& transaction) {
    std::vector<std::string> bodies = transaction.payloads;
    if (bodies.size() == transaction.steps.size()) return bodies;
    for (const Step& step : transaction.steps) {
        const std::string_view data = step.get("data");
        if (!data.empty()) bodies.emplace_back(data);
    }
    return bodies;
}

Complaint check_counts(const Transaction& transaction, std::size_t bodies) {
    if (bodies == transaction.steps.size()) return {};
    return "payloads: expected one for each of the " + std::to_string(transaction.steps.size()) + " steps, got " +
           std::to_string(bodies);
}

// What a client sent, as a complaint repeats it: enough to find it by.
std::string quoted(std::string_view text) { return "'" + storable_text(text, 200) + "'"; }

Complaint in_step(std::size_t index, std::string_view member, const Complaint& complaint) {
    return "steps[" + std::to_string(index) + "]." + std::string(member) + ": " + complaint;
}

Complaint make_saga_rows(Transaction& saga, std::vector<std::string> bodies) {
    for (std::size_t i = 0; i < saga.steps.size(); ++i) {
        for (const std::string_view op : {op::compensate, op::action}) {
            const std::string_view url = saga.steps[i].get(op);
            if (const auto complaint = why_bad_url(url, saga.protocol); !complaint.empty()) {
                return in_step(i, op, complaint);
            }
            saga.branches.push_back(make_row(numbered(i + 1), op, url, bodies[i], saga.create_time));
        }
    }
    return {};
}

Complaint make_message_rows(Transaction& message, std::vector<std::string> bodies, const TopicLookup& topics) {
    for (std::size_t i = 0; i < message.steps.size(); ++i) {
        const std::string_view url = message.steps[i].get(op::action);
        std::vector<std::string> urls{std::string(url)};
        if (url.starts_with(topic_prefix)) {
            auto subscribers = topics(url.substr(topic_prefix.size()));
            if (!subscribers) return "topic not found";
            urls = std::move(*subscribers);
        }
        for (std::size_t n = 0; n < urls.size(); ++n) {
            if (const auto complaint = why_bad_url(urls[n], message.protocol); !complaint.empty()) {
                return in_step(i, op::action, complaint);
            }
            std::string id = numbered(i + 1);
            if (urls.size() > 1) id += "-" + numbered(n + 1);
            message.branches.push_back(make_row(std::move(id), op::action, urls[n], bodies[i], message.create_time));
        }
    }
    return {};
}

Complaint check_seconds(std::string_view field, std::int64_t value) {
    constexpr std::int64_t most = 10LL * 366 * 24 * 3600;
    if (value >= 0 && value <= most) return {};
    return std::string(field) + ": expected whole seconds from 0 to " + std::to_string(most) + " (ten years), got " +
           std::to_string(value);
}

bool is_token(std::string_view name) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    return !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               marks.find(c) != marks.npos;
    });
}

bool has_control(std::string_view text) {
    return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Complaint check_id(std::string_view field, std::string_view value, std::size_t most) {
    if (value.empty()) return std::string(field) + ": must not be empty";
    if (value.size() > most) return std::string(field) + ": must not be longer than " + std::to_string(most) + " bytes";
    if (has_control(value)) return std::string(field) + ": must not contain control characters";
    return {};
}

}  // namespace

Complaint why_bad_url(std::string_view url, std::string_view protocol) {
    if (url.empty()) return {};
    if (std::ranges::any_of(url, [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7F; })) {
        return quoted(url) + " contains spaces or control characters";
    }
    const bool is_http = url.starts_with("http://") || url.starts_with("https://");
    if (const auto parts = split_service_url(url); parts) {
        return parts->service.empty() ? quoted(url) + " names no service" : Complaint();
    }
    if (!is_http) {
        if (protocol != "http") return {};
        return quoted(url) + " is not a URL that can be called: expected http:// or https://";
    }
    std::string_view authority = url.substr(url.find("://") + 3);
    authority = authority.substr(0, authority.find_first_of("/?#"));
    if (const auto at = authority.rfind('@'); at != authority.npos) authority.remove_prefix(at + 1);
    const auto host_end = authority.starts_with('[') ? authority.find(']') : std::size_t{0};
    const auto colon = host_end == authority.npos ? authority.npos : authority.find(':', host_end);
    const std::string_view host = authority.substr(0, colon);
    const bool bad_brackets = host_end == authority.npos || (host_end > 0 && host_end + 1 != host.size());
    if (host.empty() || host == "[]" || bad_brackets) {
        return quoted(url) + " names no host";
    }
    if (colon == authority.npos) return {};
    const std::string_view port = authority.substr(colon + 1);
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (error != std::errc() || end != port.data() + port.size() || number == 0 || number > 65535) {
        return quoted(url) + " has a bad port: expected 1 to 65535";
    }
    return {};
}

Complaint make_branches(Transaction& transaction, const TopicLookup& topics) {
    transaction.branches.clear();
    if (transaction.mode != Mode::saga && transaction.mode != Mode::message) return {};
    std::vector<std::string> bodies = bodies_of(transaction);
    if (auto complaint = check_counts(transaction, bodies.size()); !complaint.empty()) return complaint;
    if (transaction.mode == Mode::saga) return make_saga_rows(transaction, std::move(bodies));
    return make_message_rows(transaction, std::move(bodies), topics);
}

Complaint check_options(const Transaction& transaction) {
    const Options& options = transaction.options;
    for (const auto& [field, value] :
         {std::pair{"timeout_to_fail", options.timeout_to_fail}, std::pair{"request_timeout", options.request_timeout},
          std::pair{"retry_interval", options.retry_interval}}) {
        if (auto complaint = check_seconds(field, value); !complaint.empty()) return complaint;
    }
    if (options.retry_limit < 0) return "retry_limit: must not be negative, got " + std::to_string(options.retry_limit);
    if (transaction.protocol != "http" && transaction.protocol != "grpc" && transaction.protocol != "json-rpc") {
        return "protocol: expected http, grpc or json-rpc, got " + quoted(transaction.protocol);
    }
    for (const auto& [name, value] : options.branch_headers) {
        if (!is_token(name)) return "branch_headers: " + quoted(name) + " is not a header name";
        if (has_control(value)) return "branch_headers: the value of " + quoted(name) + " contains control characters";
    }
    if (auto complaint = why_bad_url(transaction.query_prepared, transaction.protocol); !complaint.empty()) {
        return "query_prepared: " + complaint;
    }
    return {};
}

Complaint make_rows(const Registration& registration, Time now, std::vector<Branch>& rows) {
    if (auto complaint = check_id("branch_id", registration.branch_id, 128); !complaint.empty()) return complaint;
    // A URL that can't be called would only be found out in phase two, when it is too late to refuse. The protocol
    // isn't part of a registration, so addresses without a scheme must pass.
    for (const auto& [field, url] : {std::pair{"confirm", &registration.confirm},
                                     std::pair{"cancel", &registration.cancel}, std::pair{"url", &registration.url}}) {
        if (auto complaint = why_bad_url(*url, "grpc"); !complaint.empty()) return field + (": " + complaint);
    }
    const auto add = [&](std::string_view op, std::string_view url) {
        rows.push_back(make_row(registration.branch_id, op, url, registration.data, now));
    };
    switch (registration.mode) {
        case Mode::tcc:
            add(op::cancel, registration.cancel);
            add(op::confirm, registration.confirm);
            return {};
        case Mode::xa:
            add(op::rollback, registration.url);
            add(op::commit, registration.url);
            return {};
        case Mode::workflow: {
            if (auto complaint = check_id("op", registration.op, 45); !complaint.empty()) return complaint;
            BranchStatus status{};
            if (!parse(registration.status, status)) {
                return "status: expected prepared, succeed or failed, got " + quoted(registration.status);
            }
            add(registration.op, {});
            rows.back().status = status;
            if (rows.back().status != BranchStatus::prepared) rows.back().finish_time = now;
            return {};
        }
        case Mode::saga:
        case Mode::message: break;
    }
    return "unknow trans type: " + std::string(name(registration.mode));
}

}  // namespace dtmd::txn
