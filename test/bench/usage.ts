export const scenarios = [
  'pipeline',
  'bare',
  'dispatcher',
  'renderer',
  'retry-scheduler',
  'isolation',
  'holds',
  'search',
  'idle',
] as const;

export type Scenario = (typeof scenarios)[number];

/** What is taken where the command line says nothing. */
export interface Defaults {
  readonly events: number;
  readonly rounds: number;
  readonly warmUpEvents: number;
  readonly endpoints: number;
  readonly concurrency: number;
}

/** Limits of the endpoints are not what is measured, but where they are. */
const drains: Defaults = { events: 20_000, rounds: 3, warmUpEvents: 20_000, endpoints: 20, concurrency: 50 };

export const defaults: Readonly<Record<Scenario, Defaults>> = {
  pipeline: drains,
  bare: drains,
  dispatcher: drains,
  renderer: drains,
  'retry-scheduler': drains,
  // Of 55,560 events the nine that are counted get 50,000.
  isolation: { ...drains, events: 55_560, rounds: 5, endpoints: 10, concurrency: 10 },
  holds: { ...drains, events: 100_000, rounds: 1 },
  search: { ...drains, events: 100_000 },
  idle: { ...drains, rounds: 5 },
};

/** An open loop takes as many events as it sends in this time, seconds. */
export const openLoopSeconds = 30;
export const idleSeconds = 60;
/** Pages of each list in a round of `search`. */
export const pagesOfList = 200;

export const usage = `Measures Hookline on this machine: Kafka and Postgres of its own, the built apps, a receiver and a generator.

  npm run bench -- pipeline --events 100000   drains waiting events; the bare loops run between the rounds
  npm run bench -- pipeline --rate 100        an open loop of ${openLoopSeconds} s: arrival minus the intended time, CPU without the idle one's
  npm run bench -- bare                       the bare loops alone
  npm run bench -- dispatcher                 one app alone on a topic that was filled for it (also renderer, retry-scheduler)
  npm run bench -- isolation                  ten endpoints, one of which never answers, beside all of them healthy, in turn
  npm run bench -- isolation --hang-seconds 300   and an open loop while it hangs for so long
  npm run bench -- holds --seconds 600        100,000 notifications held for paused endpoints, then drained at a pace
  npm run bench -- search --events 100000     pages of notification lists over so many rows, ${pagesOfList} of each list a round
  npm run bench -- idle                       all apps up and nothing to do
  npm run bench -- table FILE...              the figures of such JSON files as a table of docs/capacity.md
  npm run bench -- functions FILE...          the costliest functions of such files of --profile side by side

  --events N       events of a round (${drains.events}; isolation ${55_560}; holds, and rows of search: ${100_000})
  --rate R         events a second of an open loop (pipeline, isolation)
  --rounds K       rounds (${drains.rounds}; isolation and idle 5, holds 1); fewer than 3 are measured, with a warning
  --seconds S      how long idle and holds look (${idleSeconds})
  --hang-seconds S one more open loop of isolation (500/s without --rate), in which one endpoint hangs for so long
  --json FILE      the figures as JSON
  --profile APP    one more round, in which this app's functions are sampled: the ten costliest, microseconds a delivery
  --warm-up N      events before the first round (${drains.warmUpEvents})
  --endpoints N    endpoints the events go round over (${drains.endpoints}; isolation 10)
  --concurrency N  requests under way to one endpoint (${drains.concurrency}; isolation 10)
  --no-bare        without the bare loops (dispatch, kafka, sql, and path: the one to compare with)
  --set NAME=VALUE a variable of every app; may stand several times
  --help           prints this

Progress goes to standard error, the table to standard output. docs/capacity.md says how to read it. Linux only.
Exit: 0 measured; 1 something failed, or events were lost, came twice or did not settle (all figures are written); 2 wrong
options; 130 or 143 interrupted.
`;
