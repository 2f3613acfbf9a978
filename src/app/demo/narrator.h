#pragma once

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace dtmd::app {

/// Tells the demo's story on the terminal. Colour only where a person looks on.
class Narrator {
public:
    explicit Narrator(std::FILE* out);

    void title(std::string_view text);  ///< A new chapter.
    void say(std::string_view text);    ///< What happens now.
    void good(std::string_view text);
    void bad(std::string_view text);

    using Row = std::vector<std::string>;
    /// Columns as wide as they must be, the first row as a heading.
    void table(const std::vector<Row>& rows);

private:
    void line(std::string_view colour, std::string_view text);

    std::FILE* out_;
    bool colour_;
};

}  // namespace dtmd::app
