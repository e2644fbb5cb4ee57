import { describe, expect, it } from 'vitest';
import { readConfig } from '#runtime/config';
import { rendererConfig } from './renderer.config.js';

const least = { KAFKA_BROKERS: '127.0.0.1:9092', DATABASE_URL: 'postgres://u:pw@127.0.0.1/h', TOPIC_PREFIX: 'x.' };

describe('the configuration of the renderer', () => {
  it('takes no events of upstream from the topic of the operators', () => {
    const read = (EVENT_TOPICS: string) => readConfig(rendererConfig, { ...least, EVENT_TOPICS });
    expect(read('orders, operator-events').EVENT_TOPICS).toEqual(['orders', 'operator-events']);
    expect(() => read('orders,x.operator-events')).toThrow(/EVENT_TOPICS: must not name x\.operator-events/);
  });
});
