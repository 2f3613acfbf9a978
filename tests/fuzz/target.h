#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

// Fuzz targets: functions that take any bytes whatsoever. They must not crash, and what they `check` must hold.
// docs/fuzzing.md says how they are run.
namespace dtmd::fuzz {

using Target = void (*)(std::string_view input);

struct Entry {
    std::string_view name;
    Target run;
};

/// All targets, by name.
std::span<const Entry> targets();

/// Null if there is none of this name.
Target find_target(std::string_view name);

void http_request(std::string_view input);        ///< What a client sends on one connection.
void transaction_json(std::string_view input);    ///< A letter for the kind of body, then the body.
void grpc_message(std::string_view input);        ///< A letter for the kind of message, then the message.
void configuration(std::string_view input);       ///< YAML; behind a line "%%", environment variables.
void store_record(std::string_view input);        ///< A letter for the kind of record, then the record.
void foreign_record(std::string_view input);      ///< The same for records in the form that dtm gave them.
void participant_answer(std::string_view input);  ///< What a participant sends on one connection.
void branch_call(std::string_view input);         ///< Lines: url, protocol, ids, headers; then the body.

/// Ends the process with `claim` if it does not hold. What the input did is in the stack trace.
void check(bool holds, std::string_view claim);

/// The same; shows the two texts that should have been equal.
void check_equal(std::string_view got, std::string_view expected, std::string_view claim);

/// `text` must be one valid JSON document.
void check_json(std::string_view text, std::string_view claim);

/// A text for people: not empty, and not a megabyte of what was sent.
void check_message(std::string_view text);

/// Takes the first line off `input`, without its end.
std::string_view take_line(std::string_view& input);

/// Takes the first byte off `input`; 0 if there is none.
char take_letter(std::string_view& input);

}  // namespace dtmd::fuzz
