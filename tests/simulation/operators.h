#pragma once

#include "client.h"

#include <functional>
#include <string>
#include <vector>

namespace dtmd::simulation {

/// People and scripts that look at transactions and interfere with them, and who change topics.
class Operators {
public:
    explicit Operators(Surroundings surroundings) : surroundings_(surroundings) {}

    /// Does one thing, to one of `gids`.
    void act(const std::vector<std::string>& gids);
    /// Topics that messages may be sent to; most exist.
    static const std::vector<std::string>& topics();
    void subscribe(const std::string& topic);

private:
    void force_stop(const std::string& gid);
    void reset(const std::string& gid);
    void reset_many();
    void query(const std::string& gid);
    void list();
    void unsubscribe(const std::string& topic);
    void delete_topic(const std::string& topic);
    void look_around();
    void ask(const std::string& what, Gateway::Ask request);

    Surroundings surroundings_;
};

}  // namespace dtmd::simulation
