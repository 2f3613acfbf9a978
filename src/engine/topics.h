#pragma once

#include "engine/engine.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace dtmd::engine {

/// Topic name to the URLs that are subscribed.
using TopicMap = std::map<std::string, std::vector<std::string>, std::less<>>;

/// Topics as key-value records of the store (protocol.md 1.14, 6.8), and the map that messages are resolved with.
/// Lives on one loop; every new map is handed to `publish`, which passes it on to the shards.
///
/// A change made here is in the published map before its reply is sent (dtm: some seconds later, protocol.md W20);
/// changes by other nodes come with the next refresh. Lost races are tried again instead of being reported.
class Topics {
public:
    using Publish = std::function<void(std::shared_ptr<const TopicMap>)>;
    Topics(Loop& loop, store::Store& store, Millis refresh_interval, Publish publish);

    /// Reads all topics, `then` runs; afterwards again at each interval, until stop().
    void start(Task then);
    void stop() { stopped_ = true; }

    void subscribe(std::string topic, std::string url, std::string remark, Reply reply);
    void unsubscribe(std::string topic, std::string url, Reply reply);
    void remove(std::string topic, Reply reply);

private:
    struct Change;
    void edit(std::shared_ptr<Change> change);
    void write(std::shared_ptr<Change> change, store::KeyValue item, bool is_new);
    void finish(std::shared_ptr<Change> change, const Result<store::Outcome>& outcome);
    void read_all(Task then);
    void read_page(std::shared_ptr<TopicMap> map, std::string position, Task then);
    void schedule();

    Loop& loop_;
    store::Store& store_;
    Millis interval_;
    Publish publish_;
    bool stopped_ = false;
};

}  // namespace dtmd::engine
