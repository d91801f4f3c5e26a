#pragma once

#include <libpq-fe.h>

// Character macros, which Swift does not import.
static inline int tributary_diag_sqlstate(void) { return PG_DIAG_SQLSTATE; }
static inline int tributary_diag_message_primary(void) { return PG_DIAG_MESSAGE_PRIMARY; }
