#include "storm.h"

#include <gtest/gtest.h>

#include <cstdlib>

// DTMD_SEED=n replays one seed with a trace of its events; DTMD_SEEDS=n tries that many.
namespace dtmd::engine {
namespace {

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

TEST(Random, LivesEndWellWhateverHappens) {
    const std::uint64_t chosen = number_from("DTMD_SEED", 0);
    const std::uint64_t first = chosen > 0 ? chosen : 1;
    const std::uint64_t last = chosen > 0 ? chosen : number_from("DTMD_SEEDS", 300);
    std::size_t crashes = 0, well = 0, badly = 0;
    for (std::uint64_t seed = first; seed <= last; ++seed) {
        testing::Storm storm(seed, chosen > 0);
        const auto complaints = storm.run();
        crashes += storm.crashes;
        well += storm.ended_well;
        badly += storm.ended_badly;
        if (complaints.empty()) continue;
        if (chosen == 0) testing::Storm(seed, true).run();
        for (const std::string& complaint : complaints) ADD_FAILURE() << "seed " << seed << ": " << complaint;
        return;
    }
    if (chosen > 0) return;
    EXPECT_GT(crashes, last / 4);
    EXPECT_GT(well, last);
    EXPECT_GT(badly, last / 2);
}

}  // namespace
}  // namespace dtmd::engine
