import { totalmem } from 'node:os';
import { kafkaVersion } from '../../deploy/local/fetch-kafka.js';
import { measuredOn } from '../bench/measured-on.js';
import type { ChaosOutcome } from '../chaos/chaos-run.js';
import { chaosSettings, rulesOf } from '../chaos/chaos-settings.js';
import type { RunCounts } from '../chaos/progress.js';
import { vacuousLines } from '../chaos/reached-states.js';
import type { Recovery } from '../chaos/recovery.js';
import type { SoakOptions } from './options.js';

/** The bars of recovery, milliseconds: of an app that is killed from the kill, of a server from when it is back. */
const recoveryBars = [
  { name: 'app killed', isMeant: ({ kind }: Recovery) => kind === 'kill', maxMs: 45_000 },
  { name: 'app stopped (SIGTERM)', isMeant: ({ kind }: Recovery) => kind === 'stop', maxMs: 45_000 },
  { name: 'app frozen, after it goes on', isMeant: ({ kind }: Recovery) => kind === 'freeze', maxMs: 45_000 },
  { name: 'Kafka restarted, after it is back', isMeant: isRestart('kafka'), maxMs: 30_000 },
  { name: 'Postgres restarted, after it is back', isMeant: isRestart('postgres'), maxMs: 30_000 },
  { name: 'connections cut or slow, answers lost, CPU taken, afterwards', isMeant: isWay, maxMs: 30_000 },
] as const;

/** What is said at the end. `isGood`: the run may be believed and no promise was broken. */
export interface SoakReport {
  readonly isGood: boolean;
  readonly lines: readonly string[];
  readonly json: object;
}

/** How a run was ended. */
export interface SoakEnd {
  readonly options: SoakOptions;
  /** Whether it ended before all events were produced. */
  readonly isCutShort: boolean;
}

/** A run that was judged. */
export function soakReport(outcome: ChaosOutcome, { options, isCutShort }: SoakEnd): SoakReport {
  const { judgement, end, loadMs } = outcome;
  const { figures, broken, states, violations } = judgement;
  const vacuous = vacuousLines(states, loadMs / 1_000);
  const recoveries = recoveriesOf(judgement.recovery.recoveries);
  const slow = recoveries.filter(({ isWithin }) => !isWithin).map(({ name }) => `recovery too slow: ${name}`);
  const isGood = violations.length === 0 && vacuous.length === 0 && slow.length === 0 && end.trouble.length === 0;
  const words = isGood ? 'Every promise was kept.' : '**Not good.**';
  const lines = [
    '# The soak run',
    '',
    `\`${commandOf(options)}\`, ${placeText(outcome.postgresVersion)}. How it is done and judged: [chaos](chaos.md#the-soak-run).`,
    '',
    `${words} Lost **${figures.lost}** of ${figures.events} events${isCutShort ? ` (cut short: ${options.events} were asked for)` : ''}.`,
    '',
    ...figureRows(outcome),
    '',
    ...faultRows(outcome, recoveries, options),
    '',
    ...stateRows(outcome),
    '',
    ...useRows(outcome),
    ...section('## Not quiet', end.trouble),
    ...section('## Vacuous', vacuous),
    ...section('## Too slow', slow),
    ...section(
      `## Broken promises: ${counted(broken)}`,
      violations.map(({ invariant, about, said }) => `${invariant} ${about}: ${said}`),
    ),
  ];
  const found = { figures, states, vacuous, broken, violations, recovery: judgement.recovery, recoveries };
  return {
    isGood,
    lines,
    json: { ...options, ...measuredOn(), isGood, isCutShort, ...found, ...outcome, judgement: undefined },
  };
}

/** A run that was stopped at once: nobody has judged it. */
export function unjudgedReport(counts: RunCounts | null, options: SoakOptions): SoakReport {
  const known =
    counts === null
      ? 'Nothing was sent.'
      : `${counts.events} of ${options.events} events were produced, ${counts.accepted} requests accepted, ${counts.faults} faults injected.`;
  const lines = ['# The soak run', '', `\`${commandOf(options)}\` was stopped before it was judged. ${known}`];
  return { isGood: false, lines, json: { ...options, isGood: false, isJudged: false, counts } };
}

function commandOf({ events, ratePerSecond, seed, faultEveryMs, defaultTimes }: SoakOptions): string {
  const times = defaultTimes ? ' --default-times' : '';
  return `npm run soak -- --events ${events} --rate ${ratePerSecond} --seed ${seed} --fault-every ${faultEveryMs / 1_000}s${times}`;
}

function placeText(postgresVersion: string): string {
  const { commit, node, cores } = measuredOn();
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const programs = `Node ${node}, Kafka ${kafkaVersion}, Postgres ${postgresVersion}`;
  return `commit ${commit ?? 'unknown'}: ${cores} cores, ${gibibytes} GiB, ${programs}, everything on the machine`;
}

function figureRows({ judgement, end, loadMs }: ChaosOutcome): readonly string[] {
  const { figures, broken, recovery } = judgement;
  const { events, notifications, attempts, requests, duplicates, duplicatesTooLate, duplicatesAllowed, lateMs } =
    figures;
  const sum = (...invariants: readonly string[]) => invariants.reduce((total, name) => total + (broken[name] ?? 0), 0);
  return [
    '| What | |',
    '| --- | --- |',
    `| events | ${events} in ${(loadMs / 60_000).toFixed(1)} min (${(events / (loadMs / 1_000)).toFixed(0)}/s) |`,
    `| notifications | ${counted(notifications)} |`,
    `| attempts | ${counted(attempts)}; of them manual ${figures.manualAttempts} |`,
    `| requests | ${requests} |`,
    `| lost | ${figures.lost} |`,
    `| requests repeated after their 2xx | ${duplicates} (${duplicatesTooLate} of them answered after the deadline); at most ${duplicatesAllowed} attempts were open when dispatchers were killed or frozen |`,
    `| attempts that were early | ${sum('I12', 'I13')} |`,
    `| requests with wrong bytes, signatures or addresses | ${sum('I16', 'I17', 'I18')} |`,
    `| broken promises of any kind | ${Object.values(broken).reduce((total, count) => total + count, 0)} |`,
    ...(lateMs === null
      ? []
      : [`| retries late, outside faults | p50 ${lateMs.p50} ms, p99 ${lateMs.p99} ms, max ${lateMs.max} ms |`]),
    ...(recovery.quietMs === null
      ? []
      : [
          `| event to first request before the first fault | p50 ${recovery.quietMs.p50} ms, p99 ${recovery.quietMs.p99} ms |`,
        ]),
    `| all quiet after | ${(end.quietMs / 1_000).toFixed(1)} s |`,
  ];
}

interface RecoverySummary {
  readonly name: string;
  readonly faults: number;
  readonly medianMs: number | null;
  readonly maxMs: number | null;
  /** Faults before whose end another one began, and the longest time until new events were on time after both. */
  readonly overlapped: number;
  readonly overlappedMsMax: number;
  readonly barMs: number;
  readonly isWithin: boolean;
}

function recoveriesOf(all: readonly Recovery[]): readonly RecoverySummary[] {
  return recoveryBars.flatMap(({ name, isMeant, maxMs: barMs }) => {
    const meant = all.filter(isMeant);
    if (meant.length === 0) return [];
    const timesOf = (isOverlapped: boolean) =>
      meant.flatMap((one) => (one.isOverlapped === isOverlapped ? (one.ms ?? []) : [])).sort((a, b) => a - b);
    const [times, overlapped] = [timesOf(false), timesOf(true)];
    const maxMs = times.at(-1) ?? null;
    const medianMs = times[Math.floor(times.length / 2)] ?? null;
    const overlappedMsMax = overlapped.at(-1) ?? 0;
    // Two faults one after the other may take as long as both.
    const isWithin = (maxMs ?? 0) <= barMs && overlappedMsMax <= 2 * barMs;
    const counts = { faults: meant.length, overlapped: overlapped.length, overlappedMsMax };
    return [{ name, medianMs, maxMs, ...counts, barMs, isWithin }];
  });
}

function faultRows(
  { judgement }: ChaosOutcome,
  recoveries: readonly RecoverySummary[],
  { defaultTimes }: SoakOptions,
): readonly string[] {
  const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1_000).toFixed(1)} s`);
  const { normalMs } = judgement.recovery;
  const { attemptTimeoutMs, leaseMs, sessionTimeoutMs } = rulesOf(defaultTimes ? 'default' : 'scaled');
  return [
    '## Faults and recovery',
    '',
    `${counted(judgement.figures.faults)}.`,
    '',
    `Recovered: the first of three seconds in a row in which 95 % of the new events for the endpoints that never fail were requested within`,
    `${Math.round(normalMs)} ms. ${defaultTimes ? 'As by default' : 'Times are scaled'}: deadline ${attemptTimeoutMs / 1_000} s, lease ${leaseMs / 1_000} s, session timeout ${sessionTimeoutMs / 1_000} s; schedule ${chaosSettings.RETRY_SCHEDULE}.`,
    '',
    '| After | faults | median | max | the next fault came first (both together at most) | bar |',
    '| --- | ---: | ---: | ---: | ---: | ---: |',
    ...recoveries.map(
      ({ name, faults, medianMs, maxMs, overlapped, overlappedMsMax, barMs }) =>
        `| ${name} | ${faults} | ${seconds(medianMs)} | ${seconds(maxMs)} | ${overlapped === 0 ? '0' : `${overlapped} (${seconds(overlappedMsMax)})`} | ${seconds(barMs)} |`,
    ),
  ];
}

function stateRows({ judgement }: ChaosOutcome): readonly string[] {
  return [
    '## States reached',
    '',
    '| State (`*`: without it a run proves nothing) | times |',
    '| --- | ---: |',
    ...judgement.states.map(({ name, count, isRequired }) => `| ${name}${isRequired ? ' `*`' : ''} | ${count} |`),
  ];
}

function useRows({ used, loadMs }: ChaosOutcome): readonly string[] {
  return [
    '## CPU and memory',
    '',
    'From the first event to the last look, both dispatchers in one row; `chaos` is generator, receiver, proxies and checker together.',
    'Memory of Postgres is the sum over its processes, shared pages counted each time.',
    '',
    '| | CPU s | of a core under load | peak MiB |',
    '| --- | ---: | ---: | ---: |',
    ...Object.entries(used).map(
      ([name, { cpuSeconds, residentMiBMax }]) =>
        `| ${name} | ${cpuSeconds.toFixed(0)} | ${((100_000 * cpuSeconds) / loadMs).toFixed(0)} % | ${residentMiBMax} |`,
    ),
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, '', ...lines.map((line) => `- ${line}`)];
}

function counted(counts: Readonly<Record<string, number>>): string {
  const all = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return all.length === 0 ? 'none' : all.join(', ');
}

function isRestart(server: string): (recovery: Recovery) => boolean {
  return ({ kind, part }) => kind === 'restart' && part === server;
}

function isWay({ kind }: Recovery): boolean {
  return kind === 'cut' || kind === 'slow' || kind === 'lose-answers' || kind === 'starve';
}
