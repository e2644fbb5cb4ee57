import { between, seededChance, shuffled } from './seeded-chance.js';

/** The processes of the run: dispatchers are two, so that their endpoints change owners. */
export const appParts = ['renderer', 'dispatcher-1', 'dispatcher-2', 'retry-scheduler', 'admin'] as const;

export type AppPart = (typeof appParts)[number];

/** What is done to what. */
export type ChaosFault =
  /** `kill`: SIGKILL, started again after `forMs`. `freeze`: SIGSTOP, SIGCONT after `forMs`. `stop`: SIGTERM, then as `kill`. */
  | { readonly kind: 'kill' | 'freeze' | 'stop'; readonly part: AppPart }
  /** `restart`: ended as an outage does, started after `forMs`. `cut`: connections are reset. `slow`: every piece comes later. */
  | { readonly kind: 'restart' | 'cut' | 'slow'; readonly part: 'kafka' | 'postgres' }
  /** Records are written, and nobody learns of it. */
  | { readonly kind: 'lose-answers'; readonly part: 'kafka' }
  /** Other programs want the processors. */
  | { readonly kind: 'starve'; readonly part: 'cpu' };

/** One fault of the plan; times in milliseconds from the beginning of the load. */
export type PlannedFault = ChaosFault & {
  /** Faults of one lane follow one another, so never more are under way than there are lanes. */
  readonly lane: Lane;
  readonly atMs: number;
  readonly forMs: number;
};

export type Lane = 'apps' | 'servers';

/** The shortest run there is a plan for, and the longest, seconds. */
export const secondsMin = 15;
export const secondsMax = 7_200;

/** The load flows before the first fault, and no fault lasts to the end. */
const warmUpMs = 4_000;
const healedMs = 2_000;
const gapMs: Readonly<Record<Lane, readonly [number, number]>> = { apps: [2_000, 5_000], servers: [3_000, 7_000] };
/** A freeze outlasts lease and session timeout of `chaos-settings`. */
const durationsMs: Readonly<Record<ChaosFault['kind'], readonly [number, number]>> = {
  kill: [200, 5_000],
  freeze: [9_000, 13_000],
  stop: [200, 3_000],
  restart: [500, 4_000],
  cut: [200, 2_500],
  slow: [3_000, 6_000],
  'lose-answers': [1_500, 3_000],
  starve: [3_000, 8_000],
};

/** Of a couple the app's fault comes so long after the server's. */
const coupledAfterMs = [1_000, 2_000] as const;
/** Between two couples: a server that starts slowly must not tear the next one apart. */
const betweenCouplesMs = [3_000, 5_000] as const;
/** Couples and lanes draw from numbers of their own, so that a longer run begins as a shorter one does. */
const streams = { couples: 0, apps: 0x9e3779b9, servers: 0x3c6ef372 } as const;

type Couple = readonly [Extract<ChaosFault, { part: AppPart }>, Exclude<ChaosFault, { part: AppPart }>];

/**
 * Every run begins with these, so that a short one reaches the dangerous states as well, each of them twice at least: a dispatcher
 * is only killed with requests out, whose leases then run out; what the renderer has under way is little, unless its server
 * has just become slow; records whose answers are lost are written again.
 */
function couplesOf(chance: () => number): readonly Couple[] {
  const [one = 'dispatcher-1', other = 'dispatcher-2'] = shuffled(['dispatcher-1', 'dispatcher-2'] as const, chance);
  const couples: readonly Couple[] = [
    [
      { kind: 'kill', part: 'renderer' },
      { kind: 'slow', part: 'postgres' },
    ],
    [
      { kind: 'kill', part: one },
      { kind: 'slow', part: 'postgres' },
    ],
    [
      { kind: 'freeze', part: other },
      { kind: 'restart', part: 'postgres' },
    ],
    [
      { kind: 'kill', part: other },
      { kind: 'lose-answers', part: 'kafka' },
    ],
    [
      { kind: 'kill', part: 'retry-scheduler' },
      { kind: 'restart', part: 'kafka' },
    ],
    [
      { kind: 'stop', part: 'renderer' },
      { kind: 'lose-answers', part: 'kafka' },
    ],
  ];
  return shuffled(couples, chance);
}

/** And goes on with all of these in turn, each lane for itself and each round in another order. */
const decks: Readonly<Record<Lane, readonly ChaosFault[]>> = {
  apps: [
    ...appParts.map((part) => ({ kind: 'kill', part }) as const),
    ...appParts.map((part) => ({ kind: 'stop', part }) as const),
    ...appParts.map((part) => ({ kind: 'freeze', part }) as const),
    { kind: 'kill', part: 'dispatcher-1' },
    { kind: 'kill', part: 'dispatcher-2' },
  ],
  servers: [
    ...(['restart', 'cut', 'cut', 'slow'] as const).flatMap((kind) => [
      { kind, part: 'kafka' } as const,
      { kind, part: 'postgres' } as const,
    ]),
    { kind: 'lose-answers', part: 'kafka' },
    { kind: 'starve', part: 'cpu' },
  ],
};

/** What happens when, by rising time: always the same for the same seed and seconds. */
export function chaosPlan(seed: number, seconds: number): readonly PlannedFault[] {
  const endMs = seconds * 1_000 - healedMs;
  const opening = openingOf(endMs, seededChance(seed ^ streams.couples));
  const fromMs = Math.max(warmUpMs, ...opening.map(({ atMs, forMs }) => atMs + forMs));
  const lanes = (['apps', 'servers'] as const).flatMap((lane) =>
    planOf(lane, { fromMs, endMs }, seededChance(seed ^ streams[lane])),
  );
  return [...opening, ...lanes].sort((a, b) => a.atMs - b.atMs);
}

/** One couple after the other; one that would last past the end is left out with those behind it. */
function openingOf(endMs: number, chance: () => number): readonly PlannedFault[] {
  const planned: PlannedFault[] = [];
  let atMs = warmUpMs;
  for (const [ofApp, ofServer] of couplesOf(chance)) {
    const appMs = atMs + between(chance, coupledAfterMs);
    const [appForMs, serverForMs] = [durationOf(ofApp, chance), durationOf(ofServer, chance)];
    const overMs = Math.max(appMs + appForMs, atMs + serverForMs);
    if (overMs > endMs) break;
    planned.push({ ...ofServer, lane: 'servers', atMs, forMs: serverForMs });
    planned.push({ ...ofApp, lane: 'apps', atMs: appMs, forMs: appForMs });
    atMs = overMs + between(chance, betweenCouplesMs);
  }
  return planned;
}

interface Span {
  readonly fromMs: number;
  readonly endMs: number;
}

/** A fault that would last past the end is left out, and the lane ends. */
function planOf(lane: Lane, { fromMs, endMs }: Span, chance: () => number): readonly PlannedFault[] {
  const planned: PlannedFault[] = [];
  const queue: ChaosFault[] = [];
  for (let atMs = fromMs + between(chance, gapMs[lane]); ; ) {
    if (queue.length === 0) queue.push(...shuffled(decks[lane], chance));
    const fault = queue.shift();
    if (fault === undefined) return planned;
    const forMs = durationOf(fault, chance);
    if (atMs + forMs > endMs) return planned;
    planned.push({ ...fault, lane, atMs, forMs });
    atMs += forMs + between(chance, gapMs[lane]);
  }
}

/** What a soak run begins with, so that a short one proves something as well. */
const soakOpening: readonly (ChaosFault & { readonly lane: Lane })[] = [
  { kind: 'kill', part: 'dispatcher-1', lane: 'apps' },
  { kind: 'restart', part: 'postgres', lane: 'servers' },
  { kind: 'kill', part: 'renderer', lane: 'apps' },
  { kind: 'restart', part: 'kafka', lane: 'servers' },
];

/** One at a time: the opening, then in turn, each round in another order, all of them again and again. */
export function* soakFaults(seed: number): Generator<PlannedFault> {
  const chance = seededChance(seed);
  const all = (['apps', 'servers'] as const).flatMap((lane) => decks[lane].map((fault) => ({ ...fault, lane })));
  for (let round = soakOpening; ; round = shuffled(all, chance))
    for (const fault of round) yield { ...fault, atMs: 0, forMs: durationOf(fault, chance) };
}

function durationOf({ kind }: ChaosFault, chance: () => number): number {
  return between(chance, durationsMs[kind]);
}
