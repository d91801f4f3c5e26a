#pragma once

#include <arpa/inet.h>
#include <maxminddb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

// The text at a path of an entry: its length, 0 where there is none, or a negative error.
static inline int tributary_mmdb_text(
    MMDB_entry_s *entry, const char *const *path, const char **text) {
    MMDB_entry_data_s data;
    int status = MMDB_aget_value(entry, &data, path);
    if (status == MMDB_LOOKUP_PATH_DOES_NOT_MATCH_DATA_ERROR) return 0;
    if (status != MMDB_SUCCESS) return -status;
    if (!data.has_data || data.type != MMDB_DATA_TYPE_UTF8_STRING) return 0;
    *text = data.utf8_string;
    return (int)data.data_size;
}

// Finds the country of an IP address and writes its two letters: 2 where it is known, 0 where it is
// not, or a negative error.
static inline int tributary_mmdb_country(
    const MMDB_s *database, const char *address, char country[2]) {
    static const char *const paths[][3] = {
        {"country", "iso_code", NULL}, {"registered_country", "iso_code", NULL}, {"country_code", NULL, NULL},
        {"country", NULL, NULL}};
    struct sockaddr_storage storage;
    memset(&storage, 0, sizeof storage);
    if (inet_pton(AF_INET, address, &((struct sockaddr_in *)&storage)->sin_addr) == 1) {
        storage.ss_family = AF_INET;
    } else {
        // A database of IPv4 only knows nothing of any other address, and calls the question an error.
        if (database->metadata.ip_version == 4) return 0;
        if (inet_pton(AF_INET6, address, &((struct sockaddr_in6 *)&storage)->sin6_addr) != 1) return 0;
        storage.ss_family = AF_INET6;
    }
    int status = MMDB_SUCCESS;
    MMDB_lookup_result_s result = MMDB_lookup_sockaddr(database, (struct sockaddr *)&storage, &status);
    if (status != MMDB_SUCCESS) return -status;
    if (!result.found_entry) return 0;
    for (size_t index = 0; index < sizeof paths / sizeof *paths; index++) {
        const char *text = NULL;
        int length = tributary_mmdb_text(&result.entry, paths[index], &text);
        if (length < 0) return length;
        if (length != 2) continue;
        memcpy(country, text, 2);
        return 2;
    }
    return 0;
}
