import { type Counter, type Histogram, metrics, type ObservableResult } from '@opentelemetry/api';

/** One instrument. Labels never hold a URL, a tenant or an id: their number must stay small. */
interface Instrument {
  readonly kind: 'counter' | 'histogram' | 'gauge';
  /** UCUM. */
  readonly unit: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

/** Every metric there is: what is not in this table does not exist. */
export const instruments = {
  hookline_events_read_total: counter(
    '{event}',
    ['verdict'],
    'Records of the events topics, and of `operator-events`, that have their verdict',
  ),
  hookline_notifications_created_total: counter('{notification}', [], 'Notifications stored for the first time'),
  hookline_attempts_total: counter('{attempt}', ['outcome', 'trigger'], 'Attempts that ended'),
  hookline_attempt_duration_seconds: {
    kind: 'histogram',
    unit: 's',
    labels: ['outcome'],
    meaning: 'From the first step of an attempt to its end',
  },
  hookline_held_total: counter('{notification}', ['reason'], 'Deliveries that were held'),
  hookline_held_released_total: counter('{delivery}', [], 'Held deliveries that went on once their circuit let them'),
  hookline_refused_failed_total: counter(
    '{notification}',
    [],
    'Pending notifications that failed because nothing is sent to their endpoint any more',
  ),
  hookline_held_expired_total: counter('{notification}', [], 'Held notifications that grew too old and failed'),
  hookline_operator_events_left_out_total: counter(
    '{event}',
    [],
    'Events for operators that were left out because too many waited',
  ),
  hookline_released_total: counter('{record}', ['tier'], 'Records a retry tier let go'),
  hookline_releases_waiting: gaugeOf(
    '{record}',
    [],
    'Records of the retry tiers that are due and wait until their partition of deliveries is read further',
  ),
  hookline_sweep_asked_total: counter('{delivery}', [], 'Deliveries the sweep asked for again'),
  hookline_leases_lost_total: counter('{attempt}', [], 'Attempts closed as unknown because their lease ran out'),
  hookline_duty_last_success_timestamp_seconds: gaugeOf(
    's',
    ['duty'],
    'When a round of a duty last succeeded in this process, since the epoch; 0: never. The greatest of all processes counts',
  ),
  hookline_duty_duration_seconds: gaugeOf('s', ['duty'], 'What the last round that succeeded took'),
  hookline_duty_failures_total: counter(
    '{round}',
    ['duty'],
    'Rounds of a duty that failed; the next one does the same work',
  ),
  hookline_partitions_dropped_total: counter('{partition}', ['table'], 'Table partitions dropped by retention'),
  hookline_partitions_overdue: gaugeOf(
    '{partition}',
    ['table'],
    'Table partitions older than their retention that are still there, as last seen; those in use stay',
  ),
  hookline_rows_removed_total: counter(
    '{row}',
    ['table'],
    'Rows removed by retention from tables that are not partitioned',
  ),
  hookline_default_partition_rows: gaugeOf(
    '{row}',
    ['table'],
    'Rows in the DEFAULT partition, up to 10,000, as last seen; it must be empty',
  ),
  hookline_books_differences: gaugeOf(
    '{difference}',
    ['kind'],
    'In what the books differ, as the scheduler that checks them last saw it; must be 0',
  ),
  hookline_clock_drift_seconds: gaugeOf('s', [], "How far Postgres' clock is ahead of the process'"),
  hookline_egress_sockets: gaugeOf(
    '{socket}',
    ['state'],
    'Sockets open to receivers: busy, being opened included, or idle; at most EGRESS_SOCKETS_MAX together',
  ),
  hookline_records_under_way: gaugeOf('{record}', [], 'Records in handlers'),
  hookline_logs_shrunk_total: counter(
    '{partition}',
    ['topic'],
    'Partitions whose log was replaced by a shorter one and is read anew',
  ),
  hookline_consumer_lag_records: gaugeOf(
    '{record}',
    ['topic', 'partition'],
    'From the oldest unfinished record to the end',
  ),
  hookline_kafka_requests_total: counter(
    '{request}',
    ['api'],
    'Requests to brokers, by the name the protocol gives them',
  ),
  hookline_retry_schedules_too_long: gaugeOf(
    '{schedule}',
    [],
    'Retry schedules, up to 100, that take longer than a notification may live, as last seen',
  ),
  hookline_topic_differences: gaugeOf(
    '{difference}',
    ['severity'],
    'Where topics and brokers are not as they must be, as last seen; fatal can lose records',
  ),
} as const satisfies Readonly<Record<string, Instrument>>;

type Name = keyof typeof instruments;
type NameOf<K extends Instrument['kind']> = {
  [N in Name]: (typeof instruments)[N]['kind'] extends K ? N : never;
}[Name];
type Labels<N extends Name> = Readonly<Partial<Record<(typeof instruments)[N]['labels'][number], string>>>;

/** One reading of a gauge. */
export interface GaugeReading {
  readonly value: number;
  readonly labels?: Readonly<Record<string, string>>;
}

const counters = new Map<string, Counter>();
const histograms = new Map<string, Histogram>();
const durationBucketsS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30];

/** Adds to a counter. Does nothing before telemetry has started. */
export function count<N extends NameOf<'counter'>>(name: N, labels?: Labels<N>, by = 1): void {
  const known = counters.get(name);
  const instrument = known ?? meter().createCounter(name, describe(name));
  if (known === undefined) counters.set(name, instrument);
  instrument.add(by, labels ?? {});
}

/** Puts a value, in the instrument's unit, into a histogram. */
export function observe<N extends NameOf<'histogram'>>(name: N, value: number, labels?: Labels<N>): void {
  const known = histograms.get(name);
  const advice = { explicitBucketBoundaries: durationBucketsS };
  const instrument = known ?? meter().createHistogram(name, { ...describe(name), advice });
  if (known === undefined) histograms.set(name, instrument);
  instrument.record(value, labels ?? {});
}

/** Reads a gauge whenever metrics are collected. */
export function gauge<N extends NameOf<'gauge'>>(name: N, read: () => readonly GaugeReading[]): void {
  meter()
    .createObservableGauge(name, describe(name))
    .addCallback((result: ObservableResult) => {
      for (const { value, labels } of read()) result.observe(value, labels ?? {});
    });
}

function meter() {
  return metrics.getMeter('hookline');
}

function describe(name: Name) {
  const { unit, meaning } = instruments[name];
  return { unit, description: meaning };
}

function counter<const L extends readonly string[]>(unit: string, labels: L, meaning: string) {
  return { kind: 'counter', unit, labels, meaning } as const;
}

function gaugeOf<const L extends readonly string[]>(unit: string, labels: L, meaning: string) {
  return { kind: 'gauge', unit, labels, meaning } as const;
}
