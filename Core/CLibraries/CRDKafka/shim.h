#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// The mock's next answer to `api_key` from one broker: an error (0: none), after so many milliseconds.
static inline rd_kafka_resp_err_t
crdkafka_mock_broker_push_error(rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t api_key,
                                rd_kafka_resp_err_t error, int rtt_ms) {
    return rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api_key, 1, error, rtt_ms);
}

/// Appends one record; `rd_kafka_producev` is variadic. `partition` -1 leaves the choice to the partitioner.
/// A non-zero `timestamp` is milliseconds since 1970. Key and value are copied. On success the library owns
/// `headers` (NULL: none), on failure the caller does. (`rd_kafka_produceva` frees headers twice on failure.)
static inline rd_kafka_resp_err_t
crdkafka_produce(rd_kafka_t *client, rd_kafka_topic_t *topic, int32_t partition, const void *key, size_t key_size,
                 const void *value, size_t value_size, int64_t timestamp, rd_kafka_headers_t *headers,
                 void *opaque) {
    return rd_kafka_producev(client, RD_KAFKA_V_RKT(topic), RD_KAFKA_V_PARTITION(partition),
                             RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_KEY((void *)key, key_size),
                             RD_KAFKA_V_VALUE((void *)value, value_size), RD_KAFKA_V_TIMESTAMP(timestamp),
                             RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
}
