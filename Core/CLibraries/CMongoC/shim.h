#pragma once

#include <mongoc/mongoc.h>

/* Swift does not see the inside of bson_t, which is aligned beyond what it lays out itself. */
enum {
    tributary_bson_size = sizeof(bson_t),
    tributary_bson_alignment = BSON_ALIGNOF (bson_t),
};
