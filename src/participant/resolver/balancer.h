#pragma once

#include "participant/resolver/instance.h"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::participant {

/// Chooses among the instances of one service: in turn, without those that could not be reached lately. Pure: the time
/// is passed in, in microseconds of a clock that never goes back.
class Balancer {
public:
    using Moment = std::chrono::microseconds;

    static constexpr std::chrono::seconds first_ejection{1}, longest_ejection{30};

    /// What is known of instances that stay is kept.
    void set(const Instances& instances);

    bool empty() const { return entries_.empty(); }

    /// The next one whose address is not among `tried`; null if there is none. One that failed is left alone for a time
    /// that doubles with each failure; then one call goes to it to see. If all have failed, the one that is to be seen
    /// next is tried anyway: better than no call at all.
    const Instance* pick(Wire wire, const std::vector<std::string>& tried, Moment now);

    /// Whether pick() would choose one that has not failed lately.
    bool has_live(Wire wire, const std::vector<std::string>& tried, Moment now) const;

    /// What came of a call.
    void report(std::string_view address, bool reached, Moment now);

private:
    struct Entry {
        Instance instance;
        unsigned failures = 0;  ///< In a row.
        Moment ejected_until{0};
    };

    static bool is_candidate(const Entry& entry, Wire wire, const std::vector<std::string>& tried);

    std::vector<Entry> entries_;
    std::size_t next_ = 0;
};

}  // namespace dtmd::participant
