import { describe, expect, it } from 'vitest';
import { kafkaRequestsIn, requestsBetween, requestsText } from './requests.js';

const text = `# TYPE hookline_kafka_requests_total counter
hookline_kafka_requests_total{api="Fetch",otel_scope_name="hookline"} 40 1764000000000
hookline_kafka_requests_total{api="Produce"} 7
hookline_kafka_requests_total{api="Heartbeat"} 3
hookline_events_read_total{verdict="matched"} 99
hookline_kafka_requests_total{api="Fetch"} 2
hookline_kafka_requests_total{api="Metadata"} 1`;

describe('requests', () => {
  it('of several apps are added up by kind', () => {
    expect(kafkaRequestsIn(text)).toEqual({ produce: 7, fetch: 42, commit: 0, otherKafka: 4 });
  });

  it('of a round are what came between two looks', () => {
    const used = requestsBetween(kafkaRequestsIn(text), { produce: 10, fetch: 50, commit: 1, otherKafka: 4 });
    expect(used).toEqual({ produce: 3, fetch: 8, commit: 1, otherKafka: 0 });
    expect(requestsText({ http: 1, fetch: 0.0251 })).toBe('http 1.000, fetch 0.025');
  });
});
