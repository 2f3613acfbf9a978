#include "observe/log.h"

#include "observe/log_line.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

namespace dtmd::log {
namespace {

constexpr std::size_t queue_lines = 8192;
constexpr const char* text_pattern = "%Y-%m-%dT%H:%M:%S.%eZ %v";
constexpr const char* json_pattern = R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ",%v)";

std::atomic<int> level{spdlog::level::info};
Format format = Format::text;

// Of the pools of earlier starts, which counted for themselves.
std::atomic<std::uint64_t> dropped_before{0};
std::atomic<std::uint64_t> dropped_told{0};
std::atomic<std::int64_t> drops_looked_at{0};

std::shared_ptr<spdlog::logger> make_early_logger() {
    auto logger = std::make_shared<spdlog::logger>("dtmd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::trace);
    logger->set_pattern(text_pattern, spdlog::pattern_time_type::utc);
    return logger;
}

std::shared_ptr<spdlog::logger>& logger() {
    static std::shared_ptr<spdlog::logger> instance = make_early_logger();
    return instance;
}

[[noreturn]] void refuse(const std::string& path, const std::string& reason) {
    throw std::runtime_error("Log.Outputs: cannot write the log to '" + path + "': " + reason +
                             "; name a file in a folder that dtmd may write to, or stderr");
}

// The library's own message names neither the key nor what to do, and tries for a while.
void check_writable(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty()) std::filesystem::create_directories(folder, error);
    if (error) refuse(path, error.message());
    const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) refuse(path, std::strerror(errno));
    ::close(file);
}

spdlog::sink_ptr open_sink(const std::string& output, const Options& options) {
    if (output == "stderr") return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (output == "stdout") return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    check_writable(output);
    try {
        if (options.rotate_bytes == 0) return std::make_shared<spdlog::sinks::basic_file_sink_mt>(output);
        return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(output, options.rotate_bytes,
                                                                      options.rotate_files);
    } catch (const spdlog::spdlog_ex& failed) {
        refuse(output, failed.what());
    }
}

std::vector<spdlog::sink_ptr> open_sinks(const Options& options) {
    std::vector<std::string> outputs;
    for (const std::string& output : options.outputs) {
        // Two sinks on one file would write into each other's lines.
        if (std::ranges::find(outputs, output) == outputs.end()) outputs.push_back(output);
    }
    if (outputs.empty()) outputs.emplace_back("stderr");
    std::vector<spdlog::sink_ptr> sinks;
    for (const std::string& output : outputs) sinks.push_back(open_sink(output, options));
    return sinks;
}

void write_line(spdlog::level::level_enum at, std::string_view event, Fields fields) {
    const std::string line = format == Format::json ? json_line(at, event, fields) : text_line(at, event, fields);
    logger()->log(at, spdlog::string_view_t(line.data(), line.size()));
}

void tell_drops() {
    const std::uint64_t total = dropped();
    const std::uint64_t told = dropped_told.exchange(total);
    if (total > told) write_line(spdlog::level::warn, "log.dropped", {{"lines", total - told}, {"total", total}});
}

// The counter is behind the queue's lock, so it is asked once a second and not per line.
void tell_drops_now_and_then() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now).count();
    std::int64_t last = drops_looked_at.load(std::memory_order_relaxed);
    if (second != last && drops_looked_at.compare_exchange_strong(last, second)) tell_drops();
}

}  // namespace

void start(const Options& options) {
    auto sinks = open_sinks(options);
    stop();
    spdlog::init_thread_pool(queue_lines, 1);
    auto made = std::make_shared<spdlog::async_logger>("dtmd", sinks.begin(), sinks.end(), spdlog::thread_pool(),
                                                       spdlog::async_overflow_policy::overrun_oldest);
    made->set_level(spdlog::level::trace);
    made->set_pattern(options.format == Format::json ? json_pattern : text_pattern, spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::warn);
    format = options.format;
    level.store(options.level, std::memory_order_relaxed);
    logger() = made;
    spdlog::register_logger(std::move(made));
    spdlog::flush_every(std::chrono::seconds(1));
}

void stop() {
    if (!spdlog::thread_pool()) return;
    tell_drops();
    logger()->flush();
    dropped_before += spdlog::thread_pool()->overrun_counter();
    logger() = make_early_logger();
    format = Format::text;
    spdlog::shutdown();
}

std::uint64_t dropped() {
    const auto pool = spdlog::thread_pool();
    return dropped_before.load() + (pool ? pool->overrun_counter() : 0);
}

void flush(std::chrono::milliseconds limit) {
    const auto pool = spdlog::thread_pool();
    if (!pool) return;
    // Messages of their own, behind the others: when the second one has been taken, the first one has been obeyed.
    logger()->flush();
    logger()->flush();
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (pool->queue_size() > 0 && std::chrono::steady_clock::now() < deadline) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

bool enabled(spdlog::level::level_enum wanted) { return wanted >= level.load(std::memory_order_relaxed); }

void write(spdlog::level::level_enum at, std::string_view event, Fields fields) {
    if (!enabled(at)) return;
    tell_drops_now_and_then();
    write_line(at, event, fields);
}

}  // namespace dtmd::log
