#include "support/ports.h"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdio>
#include <set>

namespace dtmd::ports {
namespace {

constexpr std::size_t many = 300;  // Drawn without memory, two of so many would be the same, almost always.

TEST(Ports, AreGivenOnce) {
    std::set<std::uint16_t> seen;
    for (std::size_t i = 0; i < many; ++i) seen.insert(reserve());
    EXPECT_EQ(seen.size(), many);
}

TEST(Ports, OfThisProcessAreNotGivenInAnother) {
    std::set<std::uint16_t> seen;
    for (std::size_t i = 0; i < many; ++i) seen.insert(reserve());
    const std::string program = "import sys; sys.path.insert(0, '" PORTS_PY_FOLDER
                                "'); import ports; "
                                "print([ports.reserve_port() for _ in range(300)])";
    FILE* const output = ::popen((PYTHON " -B -c \"" + program + "\" | tr -d '[,]'").c_str(), "r");
    ASSERT_NE(output, nullptr);
    int port = 0;
    std::size_t count = 0;
    for (; std::fscanf(output, "%d", &port) == 1; ++count) {
        EXPECT_TRUE(seen.insert(static_cast<std::uint16_t>(port)).second) << port;
    }
    EXPECT_EQ(::pclose(output), 0);
    EXPECT_EQ(count, many);
}

TEST(Ports, AreReservedWithTheOnesAbove) {
    std::set<std::uint16_t> seen;
    for (std::size_t i = 0; i < many; ++i) {
        const auto port = reserve_pair(10'000);
        EXPECT_LE(port, 22'000);
        seen.insert(port);
        seen.insert(static_cast<std::uint16_t>(port + 10'000));
    }
    EXPECT_EQ(seen.size(), 2 * many);
}

}  // namespace
}  // namespace dtmd::ports
