#include "app/health.h"

#include "app/demo/client.h"

#include <cstdio>

namespace dtmd::app {
namespace {

constexpr Millis patience{5'000};

}  // namespace

int check_health(const std::string& server) {
    const auto address = parse_server(server);
    if (!address) {
        std::fprintf(stderr, "dtmd: %s\n", address.error().what.c_str());
        return 2;
    }
    const auto answer = send_request(*address, "GET", "/api/health", "", patience);
    if (!answer) {
        std::fprintf(stderr, "dtmd: %s\n", answer.error().what.c_str());
        return 1;
    }
    std::fprintf(answer->status == 200 ? stdout : stderr, "%s\n", answer->body.c_str());
    return answer->status == 200 ? 0 : 1;
}

}  // namespace dtmd::app
