/* Bare SQLite doing the embedded store's durable writes: no HTTP, no JSON, no checks, no dashboards.
 *
 *   bare_sqlite fill DIR EVENTS            makes DIR with so many stored events with random ids
 *   bare_sqlite run DIR random|ordered S   appends to it for S seconds and prints raw events a second
 *
 * Two files, a thread and a connection each, WAL, synchronous=FULL. The log takes 400 records a transaction (four
 * requests of 100), the raw store 2,000, never ahead of the log. Raw events are unique by text id and found by
 * position and by time through plain indexes.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOG_TRANSACTION = 400, RAW_TRANSACTION = 2000, VALUE_SIZE = 410, HEADERS_SIZE = 150, METADATA_SIZE = 260 };

static const char *directory;
static int ordered;
static atomic_llong logged, stored;
static atomic_int stopping;
static const char *log_schema =
    "CREATE TABLE record (key INTEGER PRIMARY KEY, timestamp INTEGER, record_key BLOB, value BLOB, headers BLOB)";
static const char *raw_schema =
    "CREATE TABLE raw_event (id TEXT, partition INTEGER, offset INTEGER, source TEXT, user_id TEXT, event_type TEXT,"
    " timestamp INTEGER, received_at INTEGER, metadata BLOB, payload_hash BLOB)";
static const char *raw_indexes =
    "CREATE UNIQUE INDEX raw_id ON raw_event (id);"
    "CREATE INDEX raw_position ON raw_event (partition, offset);"
    "CREATE INDEX raw_time ON raw_event (source, timestamp)";

static void check(sqlite3 *db, int code) {
    if (code == SQLITE_OK || code == SQLITE_DONE || code == SQLITE_ROW) return;
    fprintf(stderr, "bare_sqlite: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void execute(sqlite3 *db, const char *sql) { check(db, sqlite3_exec(db, sql, NULL, NULL, NULL)); }

static sqlite3 *open_file(const char *name) {
    char path[4096];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    check(NULL, sqlite3_open(path, &db));
    execute(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536");
    return db;
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement;
    check(db, sqlite3_prepare_v2(db, sql, -1, &statement, NULL));
    return statement;
}

static int64_t count(sqlite3 *db, const char *sql) {
    sqlite3_stmt *statement = prepare(db, sql);
    int64_t value = sqlite3_step(statement) == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return value;
}

static uint64_t random_bits(void) { /* splitmix64 */
    static _Thread_local uint64_t state;
    if (state == 0) state = (uint64_t)time(NULL) * 1000003 + (uintptr_t)&state;
    uint64_t bits = state += 0x9E3779B97F4A7C15;
    bits = (bits ^ bits >> 30) * 0xBF58476D1CE4E5B9;
    bits = (bits ^ bits >> 27) * 0x94D049BB133111EB;
    return bits ^ bits >> 31;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

/* The shape of a UUID. Ordered ones begin with a clock in steps of an event, as UUIDv7 in good order. */
static void make_id(char *text, int64_t event) {
    uint64_t first = ordered ? 0x0190000000000000 + (uint64_t)event * 65536 : random_bits(), second = random_bits();
    snprintf(text, 37, "%08x-%04x-4%03x-8%03x-%012llx", (unsigned)(first >> 32), (unsigned)(first >> 16 & 0xFFFF),
             (unsigned)(first & 0xFFF), (unsigned)(second >> 48 & 0xFFF),
             (unsigned long long)(second & 0xFFFFFFFFFFFF));
}

static void add_record(sqlite3 *db, sqlite3_stmt *insert, int64_t event) {
    static const char filler[VALUE_SIZE + HEADERS_SIZE];
    char user[16];
    int length = snprintf(user, sizeof user, "user-%06d", (int)(event * 7 % 20000));
    sqlite3_bind_int64(insert, 1, (event % 24) << 40 | event / 24);
    sqlite3_bind_int64(insert, 2, event);
    sqlite3_bind_text(insert, 3, user, length, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 4, filler, VALUE_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 5, filler, HEADERS_SIZE, SQLITE_STATIC);
    check(db, sqlite3_step(insert));
    check(db, sqlite3_reset(insert));
}

static void add_raw(sqlite3 *db, sqlite3_stmt *insert, int64_t event) {
    static const char filler[METADATA_SIZE];
    char id[37], user[16];
    int length = snprintf(user, sizeof user, "user-%06d", (int)(event * 7 % 20000));
    make_id(id, event);
    sqlite3_bind_text(insert, 1, id, 36, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 2, event % 24);
    sqlite3_bind_int64(insert, 3, event / 24);
    sqlite3_bind_text(insert, 4, user, length, SQLITE_STATIC);
    sqlite3_bind_int64(insert, 5, 1700000000000 + event);
    sqlite3_bind_int64(insert, 6, 1700000000000 + event);
    sqlite3_bind_blob(insert, 7, filler, METADATA_SIZE, SQLITE_STATIC);
    sqlite3_bind_blob(insert, 8, filler, 16, SQLITE_STATIC);
    check(db, sqlite3_step(insert));
    check(db, sqlite3_reset(insert));
}

static sqlite3_stmt *record_insert(sqlite3 *db) { return prepare(db, "INSERT INTO record VALUES (?, ?, ?, ?, ?)"); }

static sqlite3_stmt *raw_insert(sqlite3 *db) {
    return prepare(db, "INSERT INTO raw_event VALUES (?, ?, ?, 'bench', ?, 'page_view', ?, ?, ?, ?)");
}

static void *write_log(void *unused) {
    sqlite3 *db = open_file("log.db");
    sqlite3_stmt *insert = record_insert(db);
    while (!atomic_load(&stopping)) {
        int64_t first = atomic_load(&logged);
        execute(db, "BEGIN IMMEDIATE");
        for (int64_t event = first; event < first + LOG_TRANSACTION; event++) add_record(db, insert, event);
        execute(db, "COMMIT");
        atomic_store(&logged, first + LOG_TRANSACTION);
        /* A store that falls behind must hold the log up as well: what is measured is the whole way. */
        while (!atomic_load(&stopping) && atomic_load(&logged) > atomic_load(&stored) + 20 * RAW_TRANSACTION)
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return unused;
}

static void *write_raw(void *unused) {
    sqlite3 *db = open_file("raw.db");
    sqlite3_stmt *insert = raw_insert(db);
    while (!atomic_load(&stopping)) {
        int64_t first = atomic_load(&stored);
        if (atomic_load(&logged) < first + RAW_TRANSACTION) {
            nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
            continue;
        }
        execute(db, "BEGIN IMMEDIATE");
        for (int64_t event = first; event < first + RAW_TRANSACTION; event++) add_raw(db, insert, event);
        execute(db, "COMMIT");
        atomic_store(&stored, first + RAW_TRANSACTION);
    }
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return unused;
}

static void fill(int64_t events) {
    sqlite3 *log = open_file("log.db"), *raw = open_file("raw.db");
    execute(log, log_schema);
    execute(raw, raw_schema);
    sqlite3_stmt *record = record_insert(log), *event_insert = raw_insert(raw);
    for (int64_t event = 0; event < events;) {
        execute(log, "BEGIN");
        execute(raw, "BEGIN");
        for (int64_t end = event + 100000 < events ? event + 100000 : events; event < end; event++) {
            add_record(log, record, event);
            add_raw(raw, event_insert, event);
        }
        execute(log, "COMMIT");
        execute(raw, "COMMIT");
    }
    sqlite3_finalize(record);
    sqlite3_finalize(event_insert);
    execute(raw, raw_indexes); /* sorting once is quicker than 10 M random insertions, and the tree is the same */
    sqlite3_close(log);
    sqlite3_close(raw);
}

static void run(double seconds) {
    sqlite3 *log = open_file("log.db"), *raw = open_file("raw.db");
    int64_t records = count(log, "SELECT count(*) FROM record"), events = count(raw, "SELECT count(*) FROM raw_event");
    sqlite3_close(log);
    sqlite3_close(raw);
    /* Both ends start at the same place; what one of them has more from the run before is left alone. */
    int64_t start = (records > events ? records : events) + 100 * RAW_TRANSACTION;
    atomic_store(&logged, start);
    atomic_store(&stored, start);
    double began = now();
    pthread_t threads[2];
    pthread_create(&threads[0], NULL, write_log, NULL);
    pthread_create(&threads[1], NULL, write_raw, NULL);
    nanosleep(&(struct timespec){.tv_sec = (time_t)seconds}, NULL);
    atomic_store(&stopping, 1);
    for (int thread = 0; thread < 2; thread++) pthread_join(threads[thread], NULL);
    printf("%f\n", (atomic_load(&stored) - start) / (now() - began));
}

int main(int count_of_arguments, char **arguments) {
    if (count_of_arguments < 4) return fprintf(stderr, "usage: bare_sqlite fill DIR EVENTS | run DIR KIND SECONDS\n"), 64;
    directory = arguments[2];
    if (strcmp(arguments[1], "fill") == 0) return fill(atoll(arguments[3])), 0;
    ordered = strcmp(arguments[3], "ordered") == 0;
    return run(atof(arguments[4])), 0;
}
