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
    for (std::string word; stat >> word;) {
        double seconds = 0;
        if (word == "btime" && stat >> seconds) return seconds;
    }
    return 0;
}

// Field 22 of /proc/self/stat, in clock ticks; the command in parentheses before it may hold spaces.
double started_after_boot() {
    std::ifstream stat("/proc/self/stat");
    std::string line;
    std::getline(stat, line);
    const auto command_end = line.rfind(')');
    if (command_end == line.npos) return 0;
    std::istringstream rest(line.substr(command_end + 1));
    std::string skipped;
    for (int field = 3; field < 22; ++field) rest >> skipped;
    double ticks = 0;
    return rest >> ticks ? ticks / static_cast<double>(sysconf(_SC_CLK_TCK)) : 0;
}

double cpu_seconds() {
    rusage usage{};
    if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::uint64_t count_open_files() {
    std::error_code error;
    std::uint64_t count = 0;
    std::filesystem::directory_iterator entry("/proc/self/fd", error);
    for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
    return count == 0 ? 0 : count - 1;  // The one that is reading the folder.
}

}  // namespace

ProcessFigures read_process_figures() {
    ProcessFigures figures;
    figures.cpu_seconds = cpu_seconds();
    std::ifstream memory("/proc/self/statm");
    std::uint64_t total = 0, resident = 0;
    if (memory >> total >> resident) {
        const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
        figures.virtual_bytes = total * page;
        figures.resident_bytes = resident * page;
        memory.close();
    }
    figures.open_files = count_open_files();
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) figures.most_files = files.rlim_cur;
    static const double start = boot_time() + started_after_boot();
    figures.start_time = start;
    return figures;
}

}  // namespace dtmd::observe
