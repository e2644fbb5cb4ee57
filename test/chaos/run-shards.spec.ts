import { mkdtempSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { aCleanRun } from './clean-run.js';
import { judged, RunJudge } from './run-judge.js';
import { eventsPerShard, RunShards, shardOf } from './run-shards.js';

describe('the files of a run', () => {
  it('keep what stands together in one part, and give back what they were given', () => {
    const shards = RunShards.in(mkdtempSync(path.join(os.tmpdir(), 'hookline-shards-')));
    const ids = [0, 1, eventsPerShard - 1, eventsPerShard, 3 * eventsPerShard + 5].map((n) => `7-1764000000000-${n}`);
    for (const id of ids) for (const kind of ['events', 'requests'] as const) shards.append(kind, id, { id, kind });
    shards.append('requests', null, { id: null });
    shards.append('requests', 'of somebody else', { id: 'else' });
    shards.flush();
    expect(shards.numbers()).toEqual([0, 1, 3]);
    expect(shards.read('events', 0)).toEqual(ids.slice(0, 3).map((id) => ({ id, kind: 'events' })));
    expect(shards.read('requests', 0)).toHaveLength(5);
    expect(shards.read('events', 3)).toEqual([{ id: ids[4], kind: 'events' }]);
    expect([shards.read('attempts', 0), shards.read('events', 2)]).toEqual([[], []]);
    shards.remove();
  });

  it('puts every event of a run into one of its parts', () => {
    expect(['a-0', 'a-19999', 'a-20000', 'a-999999', null].map(shardOf)).toEqual([0, 0, 1, 49, 0]);
  });
});

describe('a run that is judged in parts', () => {
  it('is judged as one that is judged at once', () => {
    for (const spoil of [false, true]) {
      const logs = aCleanRun();
      if (spoil) {
        logs.faults.splice(0, 1); // the repeated request has no cause any more
        logs.books.recordsInTopic++;
        logs.notifications.splice(1, 1);
      }
      const judge = new RunJudge(logs);
      for (const { id } of logs.events)
        judge.add({
          ...logs,
          events: logs.events.filter((event) => event.id === id),
          resends: logs.resends.filter(({ eventId }) => eventId === id),
          requests: logs.requests.filter(({ eventId }) => eventId === id),
          notifications: logs.notifications.filter(({ eventId }) => eventId === id),
          attempts: logs.attempts.filter(({ notificationId }) => notificationId === `n-${id}`),
        });
      const [parts, whole] = [judge.judgement(), judged(logs)];
      expect(parts.broken).toEqual(whole.broken);
      expect(parts.states).toEqual(whole.states);
      expect(parts.figures).toEqual(whole.figures);
      expect(Object.keys(whole.broken).length > 0).toBe(spoil);
    }
  });
});
