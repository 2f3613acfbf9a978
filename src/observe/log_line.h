#pragma once

#include "observe/log.h"

#include <string>
#include <string_view>

// How an event becomes a line. Pure; time stamps are the writer's.
namespace dtmd::log {

/// A longer value is cut, and says so: one participant's answer must not fill the log.
inline constexpr std::size_t max_value = 16 * 1024;

/// `info  branch.answered gid=x error="no \"such\" thing\n"`
std::string text_line(spdlog::level::level_enum level, std::string_view event, Fields fields);

/// The rest of a JSON object after its time: `"level":"info","event":"branch.answered","gid":"x"}`
std::string json_line(spdlog::level::level_enum level, std::string_view event, Fields fields);

/// `text` in quotes as JSON writes it, with nothing in it that a terminal would obey or show as another order of
/// characters, and U+FFFD for bytes that are not UTF-8.
std::string json_quoted(std::string_view text);

}  // namespace dtmd::log
