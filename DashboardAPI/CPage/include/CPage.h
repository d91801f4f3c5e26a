#pragma once
#include <stddef.h>

/// A file of the page, as it was when the binary was built.
struct page_file {
    const char *name;
    const unsigned char *bytes;
    size_t size;
};

/// All files of `DashboardAPI/Page`, ended by one without a name.
const struct page_file *page_files(void);
