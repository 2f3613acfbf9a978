#include "engine/topics.h"

#include "engine/answers.h"
#include "observe/log.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace dtmd::engine {
namespace {

using nlohmann::ordered_json;

constexpr std::string_view category = "topics";
constexpr int most_races = 10;
constexpr std::size_t page_size = 500;

std::vector<Topic> parse_subscribers(const std::string& value) {
    std::vector<Topic> subscribers;
    const auto list = ordered_json::parse(value, nullptr, /*allow_exceptions=*/false);
    if (!list.is_array()) return subscribers;
    for (const auto& item : list) {
        if (!item.is_object()) continue;
        subscribers.push_back({item.value("url", std::string()), item.value("remark", std::string())});
    }
    return subscribers;
}

std::string print_subscribers(const std::vector<Topic>& subscribers) {
    ordered_json list = ordered_json::array();
    for (const Topic& topic : subscribers) list.push_back({{"url", topic.url}, {"remark", topic.remark}});
    return list.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace

struct Topics::Change {
    bool adds = true;
    std::string topic, url, remark;
    Reply reply;
    int races = 0;
};

Topics::Topics(Loop& loop, store::Store& store, Millis refresh_interval, Publish publish)
    : loop_(loop), store_(store), interval_(refresh_interval), publish_(std::move(publish)) {}

void Topics::start(Task then) {
    read_all(std::move(then));
    schedule();
}

void Topics::schedule() {
    loop_.after(interval_, [this] {
        if (stopped_) return;
        read_all([] {});
        schedule();
    });
}

void Topics::read_all(Task then) { read_page(std::make_shared<TopicMap>(), {}, std::move(then)); }

void Topics::read_page(std::shared_ptr<TopicMap> map, std::string position, Task then) {
    auto take = [this, map, then = std::move(then)](Result<store::KeyValuePage> page) mutable {
        if (!page) {
            log::warn("topics.unread", {{"reason", page.error().what}});
            return then();
        }
        for (const store::KeyValue& item : page->items) {
            auto& urls = (*map)[item.key];
            for (Topic& topic : parse_subscribers(item.value)) urls.push_back(std::move(topic.url));
        }
        if (!page->next_position.empty()) return read_page(std::move(map), page->next_position, std::move(then));
        publish_(std::move(map));
        then();
    };
    store_.kv_scan(loop_, std::string(category), std::move(position), page_size, std::move(take));
}

void Topics::subscribe(std::string topic, std::string url, std::string remark, Reply reply) {
    if (topic.empty()) return reply(error("empty topic"));
    if (url.empty()) return reply(error("empty url"));
    auto change = std::make_shared<Change>();
    *change = {.adds = true,
               .topic = std::move(topic),
               .url = std::move(url),
               .remark = std::move(remark),
               .reply = std::move(reply)};
    edit(std::move(change));
}

void Topics::unsubscribe(std::string topic, std::string url, Reply reply) {
    if (topic.empty()) return reply(error("empty topic"));
    if (url.empty()) return reply(error("empty url"));
    auto change = std::make_shared<Change>();
    *change = {
        .adds = false, .topic = std::move(topic), .url = std::move(url), .remark = {}, .reply = std::move(reply)};
    edit(std::move(change));
}

void Topics::edit(std::shared_ptr<Change> change) {
    const std::string topic = change->topic;
    auto found = [this, change = std::move(change)](Result<std::optional<store::KeyValue>> result) mutable {
        if (!result) return change->reply(store_trouble(result.error()));
        const std::optional<store::KeyValue>& stored = *result;
        std::vector<Topic> subscribers = stored ? parse_subscribers(stored->value) : std::vector<Topic>{};
        const auto is_it = [&](const Topic& one) { return one.url == change->url; };
        const auto at = std::ranges::find_if(subscribers, is_it);
        if (change->adds) {
            if (at != subscribers.end()) return change->reply(error("this url exists"));
            subscribers.push_back({change->url, change->remark});
        } else {
            if (!stored) return change->reply(error("no such a topic"));
            if (subscribers.empty()) return change->reply(error("this topic is empty"));
            if (at == subscribers.end()) return change->reply(error("no such an url "));
            subscribers.erase(at);
        }
        store::KeyValue item;
        item.category = category;
        item.key = change->topic;
        item.value = print_subscribers(subscribers);
        item.update_time = loop_.now();
        item.create_time = stored ? stored->create_time : item.update_time;
        item.version = stored ? stored->version + 1 : 1;
        write(std::move(change), std::move(item), !stored);
    };
    store_.kv_find(loop_, std::string(category), topic, std::move(found));
}

void Topics::write(std::shared_ptr<Change> change, store::KeyValue item, bool is_new) {
    auto done = [this, change = std::move(change)](Result<store::Outcome> outcome) mutable {
        finish(std::move(change), outcome);
    };
    if (is_new) {
        store_.kv_create(loop_, std::move(item), std::move(done));
    } else {
        store_.kv_update(loop_, std::move(item), std::move(done));
    }
}

void Topics::finish(std::shared_ptr<Change> change, const Result<store::Outcome>& outcome) {
    if (!outcome) return change->reply(store_trouble(outcome.error()));
    switch (*outcome) {
        case store::Outcome::ok: return read_all([change] { change->reply(Answer{}); });
        case store::Outcome::conflict:
        case store::Outcome::not_found:
            if (++change->races <= most_races) return edit(std::move(change));
            return change->reply(error("topic '" + change->topic + "' is being changed by others: repeat the request"));
        case store::Outcome::unavailable:
        case store::Outcome::unknown: return change->reply(store_trouble(*outcome));
    }
}

void Topics::remove(std::string topic, Reply reply) {
    auto done = [this, reply = std::move(reply)](Result<store::Outcome> outcome) mutable {
        if (!outcome) return reply(store_trouble(outcome.error()));
        if (*outcome == store::Outcome::not_found) return reply(error("storage: NotFound"));
        if (*outcome != store::Outcome::ok) return reply(store_trouble(*outcome));
        read_all([reply = std::move(reply)]() mutable { reply(Answer{}); });
    };
    store_.kv_delete(loop_, std::string(category), std::move(topic), std::move(done));
}

}  // namespace dtmd::engine
