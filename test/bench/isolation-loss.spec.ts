import { describe, expect, it } from 'vitest';
import { isolationLoss } from './isolation-loss.js';

describe('what the healthy endpoints lose', () => {
  it('is what their time grows by, and at most that and the work that falls away with the one that hangs', () => {
    const { asMeasured, atMost } = isolationLoss({ healthy: 900, hanging: 900, endpoints: 10 });
    expect([asMeasured, atMost]).toEqual([0, expect.closeTo(11.11)]);
    const halved = isolationLoss({ healthy: 900, hanging: 450, endpoints: 10 });
    expect([halved.asMeasured, halved.atMost]).toEqual([expect.closeTo(100), expect.closeTo(122.22)]);
  });
});
