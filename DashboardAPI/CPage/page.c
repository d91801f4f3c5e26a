// The page within the binary. By #embed, because it costs nothing: SwiftPM's own embedding makes array literals that take
// the compiler 20 s for 120 kB.
#include "CPage.h"

#pragma clang diagnostic ignored "-Wc23-extensions"

static const unsigned char api_js[] = {
#embed "../Page/api.js"
};

static const unsigned char chart_js[] = {
#embed "../Page/chart.js"
};

static const unsigned char controls_js[] = {
#embed "../Page/controls.js"
};

static const unsigned char dom_js[] = {
#embed "../Page/dom.js"
};

static const unsigned char format_js[] = {
#embed "../Page/format.js"
};

static const unsigned char icon_svg[] = {
#embed "../Page/icon.svg"
};

static const unsigned char index_html[] = {
#embed "../Page/index.html"
};

static const unsigned char live_feed_js[] = {
#embed "../Page/live-feed.js"
};

static const unsigned char live_js[] = {
#embed "../Page/live.js"
};

static const unsigned char main_js[] = {
#embed "../Page/main.js"
};

static const unsigned char overview_js[] = {
#embed "../Page/overview.js"
};

static const unsigned char panels_js[] = {
#embed "../Page/panels.js"
};

static const unsigned char pipeline_js[] = {
#embed "../Page/pipeline.js"
};

static const unsigned char range_js[] = {
#embed "../Page/range.js"
};

static const unsigned char retention_js[] = {
#embed "../Page/retention.js"
};

static const unsigned char signin_js[] = {
#embed "../Page/signin.js"
};

static const unsigned char state_js[] = {
#embed "../Page/state.js"
};

static const unsigned char style_css[] = {
#embed "../Page/style.css"
};

static const unsigned char theme_js[] = {
#embed "../Page/theme.js"
};

static const struct page_file files[] = {
    {"api.js", api_js, sizeof api_js},
    {"chart.js", chart_js, sizeof chart_js},
    {"controls.js", controls_js, sizeof controls_js},
    {"dom.js", dom_js, sizeof dom_js},
    {"format.js", format_js, sizeof format_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"live-feed.js", live_feed_js, sizeof live_feed_js},
    {"live.js", live_js, sizeof live_js},
    {"main.js", main_js, sizeof main_js},
    {"overview.js", overview_js, sizeof overview_js},
    {"panels.js", panels_js, sizeof panels_js},
    {"pipeline.js", pipeline_js, sizeof pipeline_js},
    {"range.js", range_js, sizeof range_js},
    {"retention.js", retention_js, sizeof retention_js},
    {"signin.js", signin_js, sizeof signin_js},
    {"state.js", state_js, sizeof state_js},
    {"style.css", style_css, sizeof style_css},
    {"theme.js", theme_js, sizeof theme_js},
    {NULL, NULL, 0},
};

const struct page_file *page_files(void) { return files; }
