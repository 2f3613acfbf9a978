#pragma once

#include "participant/participant.h"

#include <string>
#include <string_view>

// How answers are worded, whatever protocol they came by (protocol.md 5.3).
namespace dtmd::participant {

/// A success or a failure or "ongoing", in the participant's own words.
Reply definite_reply(txn::Answer answer, int code, std::string text);

/// No definite answer, in dtm's words.
Reply unknown_reply(std::string_view error, bool reached, int code);

/// `text`, cut to what is stored, with exactly one `word` at its end: clients look for FAILURE and ONGOING.
std::string ending_in(std::string_view word, std::string_view text);

}  // namespace dtmd::participant
