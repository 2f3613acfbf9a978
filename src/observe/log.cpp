#include "observe/log.h"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <stdexcept>

namespace dtmd::log {
namespace {

constexpr std::size_t queue_lines = 8192;

std::atomic<int> level{spdlog::level::info};
Format format = Format::text;

std::shared_ptr<spdlog::logger> make_early_logger() {
    auto logger = std::make_shared<spdlog::logger>("dtmd", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(spdlog::level::trace);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %-5l %v", spdlog::pattern_time_type::utc);
    return logger;
}

std::shared_ptr<spdlog::logger>& logger() {
    static std::shared_ptr<spdlog::logger> instance = make_early_logger();
    return instance;
}

spdlog::sink_ptr open_sink(const std::string& output, const Options& options) {
    if (output == "stderr") return std::make_shared<spdlog::sinks::stderr_sink_mt>();
    if (output == "stdout") return std::make_shared<spdlog::sinks::stdout_sink_mt>();
    try {
        if (options.rotate_bytes > 0) {
            return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(output, options.rotate_bytes, options.rotate_files);
        }
        return std::make_shared<spdlog::sinks::basic_file_sink_mt>(output);
    } catch (const spdlog::spdlog_ex& failed) {
        throw std::runtime_error("Log.Outputs: cannot write the log to '" + output + "': " + failed.what() +
                                 ": check that its folder exists and is writable");
    }
}

bool is_bare(std::string_view value) {
    return !value.empty() && std::ranges::none_of(value, [](char c) {
        return static_cast<unsigned char>(c) <= 0x20 || c == '"' || c == '=' || c == '\\' || c == 0x7F;
    });
}

// One event stays one line, whatever a participant or client put into a value.
void append_text_value(std::string& line, std::string_view value) {
    if (is_bare(value)) {
        line.append(value);
        return;
    }
    line.append(nlohmann::json(value).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

std::string text_line(std::string_view event, Fields fields) {
    std::string line(event);
    for (const Field& field : fields) {
        line.append(" ").append(field.key).append("=");
        append_text_value(line, field.value);
    }
    return line;
}

// What stands behind time and level in the pattern: the rest of the JSON object.
std::string json_line(std::string_view event, Fields fields) {
    const auto dump = [](std::string_view text) {
        return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    };
    std::string line = "\"event\":" + dump(event);
    for (const Field& field : fields) {
        line.append(",").append(dump(field.key)).append(":").append(field.is_number ? field.value : dump(field.value));
    }
    return line + "}";
}

}  // namespace

void start(const Options& options) {
    std::vector<spdlog::sink_ptr> sinks;
    for (const std::string& output : options.outputs) sinks.push_back(open_sink(output, options));
    spdlog::init_thread_pool(queue_lines, 1);
    auto made = std::make_shared<spdlog::async_logger>("dtmd", sinks.begin(), sinks.end(), spdlog::thread_pool(),
                                                       spdlog::async_overflow_policy::overrun_oldest);
    made->set_level(spdlog::level::trace);
    format = options.format;
    made->set_pattern(format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v)" : "%Y-%m-%dT%H:%M:%S.%eZ %-5l %v",
                      spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::warn);
    level.store(options.level, std::memory_order_relaxed);
    logger() = std::move(made);
    spdlog::flush_every(std::chrono::seconds(1));
    spdlog::register_logger(logger());
}

void stop() {
    if (const auto pool = spdlog::thread_pool(); pool && pool->overrun_counter() > 0) {
        write(spdlog::level::warn, "log.dropped", {{"lines", pool->overrun_counter()}});
    }
    logger()->flush();
    logger() = make_early_logger();
    spdlog::shutdown();
}

bool enabled(spdlog::level::level_enum wanted) { return wanted >= level.load(std::memory_order_relaxed); }

void write(spdlog::level::level_enum at, std::string_view event, Fields fields) {
    if (!enabled(at)) return;
    logger()->log(at, format == Format::json ? json_line(event, fields) : text_line(event, fields));
}

}  // namespace dtmd::log
