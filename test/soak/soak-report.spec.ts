import { describe, expect, it } from 'vitest';
import type { ChaosOutcome } from '../chaos/chaos-run.js';
import { aCleanRun } from '../chaos/clean-run.js';
import { judged } from '../chaos/run-judge.js';
import type { SoakOptions } from './options.js';
import { soakReport, unjudgedReport } from './soak-report.js';

const options: SoakOptions = {
  ...{ events: 12, ratePerSecond: 1, seed: 7, faultEveryMs: 20_000, defaultTimes: false },
  ...{ folder: 'd', outFile: null, jsonFile: null },
};

function anOutcome(spoil: (logs: ReturnType<typeof aCleanRun>) => unknown = () => undefined): ChaosOutcome {
  const logs = aCleanRun();
  spoil(logs);
  const used = { renderer: { cpuSeconds: 60, residentMiBMax: 200 } };
  const end = { quietMs: 5_000, trouble: [] };
  return { judgement: judged(logs), faults: logs.faults, end, loadMs: 600_000, used, postgresVersion: '15.4' };
}

function textOf(outcome: ChaosOutcome, isCutShort = false): string {
  return soakReport(outcome, { options, isCutShort }).lines.join('\n');
}

describe('the report of a soak run', () => {
  it('says what was lost, repeated, early or wrong, and is good when nothing was', () => {
    const outcome = anOutcome();
    const { isGood } = soakReport(outcome, { options, isCutShort: false });
    const text = textOf(outcome);
    expect(isGood, text).toBe(true);
    expect(text).toContain('Lost **0** of 12 events.');
    expect(text).toContain('`npm run soak -- --events 12 --rate 1 --seed 7 --fault-every 20s`');
    expect(text).toMatch(/\| requests repeated after their 2xx \| 1 .* at most 4 attempts/);
    expect(text).toContain('| attempts that were early | 0 |');
    expect(text).toContain('| renderer | 60 | 10 % | 200 |');
  });

  it('counts what is missing as lost, names the broken promises, and is not good', () => {
    const outcome = anOutcome((logs) => logs.notifications.splice(0, 1));
    expect(soakReport(outcome, { options, isCutShort: false }).isGood).toBe(false);
    expect(textOf(outcome)).toContain('**Not good.** Lost **1** of 12 events');
    expect(textOf(outcome)).toMatch(/## Broken promises: .*I1 1/);
  });

  it('is not good when the dangerous states were not reached, or when it did not get quiet', () => {
    const quiet = anOutcome((logs) => (logs.duplicateRecords = 0));
    expect(soakReport(quiet, { options, isCutShort: false }).isGood).toBe(false);
    expect(textOf(quiet)).toContain('never reached: a delivery written twice');
    const pending = { ...anOutcome(), end: { quietMs: 1, trouble: ['something'] } };
    expect(soakReport(pending, { options, isCutShort: false }).isGood).toBe(false);
  });

  it('says that it was cut short, or that nobody has judged it', () => {
    expect(textOf(anOutcome(), true)).toContain('(cut short: 12 were asked for)');
    expect(unjudgedReport(null, options).lines.join('\n')).toContain('was stopped before it was judged');
  });
});
