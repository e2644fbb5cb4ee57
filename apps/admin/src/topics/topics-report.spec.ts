import { describe, expect, it } from 'vitest';
import { topicsReport } from './topics-report.js';

describe('topicsReport', () => {
  it('names every topic made and every difference with its weight', () => {
    const report = topicsReport(['h.events', 'h.deliveries'], {
      created: ['h.events'],
      differences: [
        { topic: 'h.deliveries', severity: 'fatal', said: 'retention.ms is 1000, must be 259200000' },
        { topic: 'h.deliveries', severity: 'warning', said: 'has 3 partitions, advised are 12' },
      ],
    });
    expect(report.trimEnd().split('\n')).toEqual([
      'created  h.events',
      'fatal    h.deliveries retention.ms is 1000, must be 259200000',
      'warning  h.deliveries has 3 partitions, advised are 12',
      '2 topics, 1 created; differences: 1 that can lose or misplace records, 1 to be told of',
    ]);
  });

  it('says that nothing is wrong when nothing is', () => {
    expect(topicsReport(['h.events'], { created: [], differences: [] })).toBe(
      '1 topics, 0 created; all as they should be\n',
    );
  });
});
