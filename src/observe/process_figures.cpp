#include "observe/process_figures.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace dtmd::observe {
namespace {

double boot_time() {
    std::ifstream stat("/proc/stat");
    std::string line;
    while (std::getline(stat, line)) {
        if (line.starts_with("btime ")) return std::stod(line.substr(6));
    }
    return 0;
}

// Field 22 of /proc/self/stat; the command in parentheses before it may hold spaces.
double started_after_boot() {
    std::ifstream stat("/proc/self/stat");
    std::string line;
    std::getline(stat, line);
    std::istringstream rest(line.substr(std::min(line.rfind(')') + 1, line.size())));
    std::string field;
    for (int i = 3; i <= 22 && rest >> field; ++i) {
    }
    return field.empty() ? 0 : std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

}  // namespace

ProcessFigures read_process_figures() {
    ProcessFigures figures;
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
        figures.cpu_seconds = seconds(usage.ru_utime) + seconds(usage.ru_stime);
    }
    std::ifstream memory("/proc/self/statm");
    std::uint64_t total = 0, resident = 0;
    if (memory >> total >> resident) figures.resident_bytes = resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    std::error_code error;
    for (auto it = std::filesystem::directory_iterator("/proc/self/fd", error); !error && it != std::filesystem::directory_iterator();
         it.increment(error)) {
        ++figures.open_files;
    }
    static const double start = boot_time() + started_after_boot();
    figures.start_time = start;
    return figures;
}

}  // namespace dtmd::observe
