#include "bench/process_usage.h"

#include <unistd.h>
#include <fstream>
#include <sstream>
#include <string>

namespace dtmd::bench {

std::optional<ProcessUsage> read_usage(int pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    std::ifstream stat(folder + "/stat");
    std::string text;
    if (!std::getline(stat, text) || text.rfind(')') == text.npos) return std::nullopt;
    // The name in parentheses may hold anything; the fields after it are counted from 3. 14 and 15: CPU ticks.
    std::istringstream fields(text.substr(text.rfind(')') + 2));
    std::string skipped;
    for (int i = 3; i < 14; ++i) fields >> skipped;
    double user = 0, system = 0;
    fields >> user >> system;

    ProcessUsage usage;
    usage.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
    std::ifstream status(folder + "/status");
    while (std::getline(status, text)) {
        std::istringstream line(text);
        std::string key;
        double kib = 0;
        line >> key >> kib;
        if (key == "VmRSS:") usage.resident_mib = kib / 1024;
        if (key == "VmHWM:") usage.peak_mib = kib / 1024;
    }
    return usage;
}

}  // namespace dtmd::bench
