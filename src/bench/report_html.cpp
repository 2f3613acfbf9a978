#include "bench/embedded/chart_js.h"
#include "bench/embedded/report_page.h"
#include "bench/report.h"

namespace dtmd::bench {
namespace {

// What a script element may hold: nothing in it can end the element.
std::string for_script(std::string text) {
    for (std::size_t at = 0; (at = text.find("</", at)) != text.npos; at += 3) text.replace(at, 2, "<\\/");
    return text;
}

void replace(std::string& page, std::string_view mark, std::string_view text) {
    const auto at = page.find(mark);
    if (at != page.npos) page.replace(at, mark.size(), text);
}

}  // namespace

std::string as_html(const Report& report) {
    std::string page(embedded::report_page());
    // The data goes in last: whatever it holds is not taken for a mark.
    replace(page, "/*CHART_JS*/", embedded::chart_js());
    replace(page, "/*REPORT*/", for_script(as_json(report)));
    return page;
}

}  // namespace dtmd::bench
