#pragma once

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

/// The mock's next answer to `api_key` from one broker: an error (0: none), after so many milliseconds.
static inline rd_kafka_resp_err_t
crdkafka_mock_broker_push_error(rd_kafka_mock_cluster_t *cluster, int32_t broker, int16_t api_key,
                                rd_kafka_resp_err_t error, int rtt_ms) {
    return rd_kafka_mock_broker_push_request_error_rtts(cluster, broker, api_key, 1, error, rtt_ms);
}
