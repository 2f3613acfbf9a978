#pragma once

#include <spdlog/common.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Logging: an event, not prose. `log::info("branch.answered", {{"gid", gid}, {"op", op}})`. Event names are constant
// and listed in docs/manual/logging.md. error: a person must act. warn: the promise holds but something is wrong.
// info: a turn of a transaction. debug: an attempt. Never payloads or secrets.
//
// An event is always one line of printable text, whatever clients and participants put into the values: line ends,
// terminal escapes and invalid UTF-8 are escaped or replaced, and very long values are cut.
namespace dtmd::log {

/// A finite number as JSON writes it; "nan", "inf" or "-inf" otherwise.
std::string number_text(double number);

struct Field {
    std::string_view key;
    std::string value;
    bool is_number = false;  ///< The value stands in JSON without quotes.

    Field(std::string_view k, std::string v) : key(k), value(std::move(v)) {}
    Field(std::string_view k, std::string_view v) : key(k), value(v) {}
    Field(std::string_view k, const char* v) : key(k), value(v) {}
    Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false"), is_number(true) {}
    template <class Number>
        requires std::is_arithmetic_v<Number>
    Field(std::string_view k, Number v) : key(k) {
        if constexpr (std::is_floating_point_v<Number>) {
            value = number_text(static_cast<double>(v));
            is_number = value.find_first_of("an") == value.npos;  // JSON has no nan and no inf.
        } else {
            value = std::to_string(v);
            is_number = true;
        }
    }
};
using Fields = std::initializer_list<Field>;

enum class Format { text, json };

struct Options {
    spdlog::level::level_enum level = spdlog::level::info;
    Format format = Format::text;
    std::vector<std::string> outputs{"stderr"};  ///< stderr, stdout, or file paths. None at all means stderr.
    std::size_t rotate_bytes = 0;                ///< 0: files are not rotated.
    std::size_t rotate_files = 5;                ///< Older files that are kept: path.1, path.2, ...
};

/// Sets up the process's log: asynchronous, with a bounded queue that drops the oldest lines (and counts them) rather
/// than hold a transaction up. Throws std::runtime_error with a clear message when a file can't be opened; then
/// nothing has changed. Folders that don't exist yet are made.
/// Before it is called everything goes to stderr, synchronously. Not to be called while other threads log.
void start(const Options& options);

/// Writes out what is queued; from then on as before start(). Call last in main(), when no other thread logs.
void stop();

/// Waits up to `limit` until what was queued before is written. From any thread while others log: for an end in a
/// hurry, where stop() would take the log away from under them.
void flush(std::chrono::milliseconds limit);

/// Lines that the full queue has cost since the process began. Each loss is also told by a line `log.dropped`.
std::uint64_t dropped();

/// Cheap; lets hot paths skip building fields.
bool enabled(spdlog::level::level_enum level);

void write(spdlog::level::level_enum level, std::string_view event, Fields fields);

inline void debug(std::string_view event, Fields fields = {}) {
    if (enabled(spdlog::level::debug)) write(spdlog::level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) {
    if (enabled(spdlog::level::info)) write(spdlog::level::info, event, fields);
}
inline void warn(std::string_view event, Fields fields = {}) {
    if (enabled(spdlog::level::warn)) write(spdlog::level::warn, event, fields);
}
inline void error(std::string_view event, Fields fields = {}) { write(spdlog::level::err, event, fields); }

}  // namespace dtmd::log
