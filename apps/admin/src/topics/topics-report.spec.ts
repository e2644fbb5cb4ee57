import { describe, expect, it } from 'vitest';
import { topicsReport } from './topics-report.js';

describe('topicsReport', () => {
  it('names every topic made and every difference with its weight and what mends it', () => {
    const deliveries = { kind: 'topic', name: 'h.deliveries', is: '', mustBe: '' } as const;
    const report = topicsReport(['h.events', 'h.deliveries'], {
      created: ['h.events'],
      differences: [
        { ...deliveries, severity: 'fatal', setting: 'retention.ms', said: 'retention.ms: is 1', mend: 'alter it' },
        { ...deliveries, severity: 'warning', setting: 'partitions', said: 'partitions: is 3', mend: 'add some' },
      ],
    });
    expect(report.trimEnd().split('\n')).toEqual([
      'created  h.events',
      'fatal    h.deliveries retention.ms: is 1',
      '         mend it: alter it',
      'warning  h.deliveries partitions: is 3',
      '         mend it: add some',
      '2 topics, 1 created; differences: 1 that can lose or misplace records, 1 to be told of',
    ]);
  });

  it('says that nothing is wrong when nothing is', () => {
    expect(topicsReport(['h.events'], { created: [], differences: [] })).toBe(
      '1 topics, 0 created; all as they should be\n',
    );
  });
});
