#include "app/demo/narrator.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace dtmd::app {

Narrator::Narrator(std::FILE* out)
    : out_(out), colour_(isatty(fileno(out)) != 0 && std::getenv("NO_COLOR") == nullptr) {}

void Narrator::line(std::string_view colour, std::string_view text) {
    const std::string_view on = colour_ ? colour : std::string_view();
    const std::string_view off = colour_ && !colour.empty() ? "\033[0m" : std::string_view();
    std::fprintf(out_, "%.*s%.*s%.*s\n", static_cast<int>(on.size()), on.data(), static_cast<int>(text.size()),
                 text.data(), static_cast<int>(off.size()), off.data());
    // A tester follows the story through a pipe, to strike at the right moment.
    std::fflush(out_);
}

void Narrator::title(std::string_view text) {
    line("", "");
    line("\033[1m", text);
}

void Narrator::say(std::string_view text) { line("", "  " + std::string(text)); }
void Narrator::good(std::string_view text) { line("\033[32m", "  " + std::string(text)); }
void Narrator::bad(std::string_view text) { line("\033[31m", "  " + std::string(text)); }

void Narrator::table(const std::vector<Row>& rows) {
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
    }
    for (const Row& row : rows) {
        std::string text = "    ";
        for (std::size_t i = 0; i < row.size(); ++i) text += row[i] + std::string(widths[i] - row[i].size() + 2, ' ');
        text.erase(text.find_last_not_of(' ') + 1);
        line(&row == &rows.front() ? "\033[2m" : "", text);
    }
}

}  // namespace dtmd::app
