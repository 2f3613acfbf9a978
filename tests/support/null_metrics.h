#pragma once

#include "observe/metrics.h"

#include <cstdint>
#include <string_view>

namespace dtmd::testing {

/// Keeps only what tells whether anything is left over.
class NullMetrics final : public observe::EngineMetrics {
public:
    std::int64_t flying = 0, sleeping = 0, breakers = 0;
    void transaction_processed(std::string_view, bool, double) override {}
    void transaction_status(std::string_view, std::string_view) override {}
    void branch_answered(std::string_view, std::string_view, std::string_view, std::string_view, double) override {}
    void retried(std::string_view) override {}
    void in_flight(std::int64_t change) override { flying += change; }
    void waiting(std::int64_t change) override { sleeping += change; }
    void claimed(std::size_t, double) override {}
    void unfinished(std::uint64_t, double) override {}
    void breaker_open(std::int64_t change) override { breakers += change; }
    void alert(bool) override {}
};

}  // namespace dtmd::testing
