import type { Clock } from '#domain/clock';
import { type GaugeReading, gauge } from '#telemetry/instruments';
import type { Log } from '#telemetry/log';
import type { KafkaSettings } from './kafkajs/kafka-client.js';
import { inspectKafka, isFatal } from './kafkajs/topic-inspection.js';
import type { Difference, WantedTopic } from './topic-differences.js';

export interface TopicCheckOptions {
  readonly kafka: KafkaSettings;
  readonly topics: readonly WantedTopic[];
  /** Of the app: ends the waiting. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
}

const firstWaitMs = 500;
const waitMsMax = 5_000;
/** A topic altered in operation shows in metric and log within this. */
const lookAgainMs = 600_000;
/** The same after a look that learned nothing. */
const lookSoonMs = 30_000;

/**
 * What an app asks of Kafka before it reads the first record. It waits while brokers are away or a topic is missing, for
 * both may come; anything else that can lose or misplace records is refused with the exact difference; the rest is said.
 */
export class TopicCheck {
  /** Resolves with what is refused, in words; never when nothing is. */
  readonly refused: Promise<readonly string[]>;
  private refuse: (differences: readonly string[]) => void = () => undefined;
  private trouble: string | null = 'the topics are not verified yet';
  private latest: readonly Difference[] | null = null;
  private said = '';

  constructor(private readonly options: TopicCheckOptions) {
    this.refused = new Promise((resolve) => {
      this.refuse = resolve;
    });
    gauge('hookline_topic_differences', () => this.readings());
  }

  /** Null once passed, else the cause in words. */
  whatIsWrong(): string | null {
    return this.trouble;
  }

  /** Resolves with true when reading may begin, false when it may not or the app stops first. Never rejects. */
  async pass(): Promise<boolean> {
    const { signal, clock, log } = this.options;
    for (let waitMs = firstWaitMs; !signal.aborted; waitMs = Math.min(waitMs * 2, waitMsMax)) {
      this.trouble = await this.look();
      const fatal = this.trouble === null ? (this.latest ?? []).filter(isFatal) : [];
      if (this.trouble === null && fatal.length === 0) {
        this.say();
        void this.keepLooking(lookAgainMs);
        return true;
      }
      this.trouble ??= inWords(fatal).join('; ');
      if (!fatal.every(mayCome)) {
        this.refuse(inWords(fatal));
        return false;
      }
      log.warn('topics.waiting', { cause: this.trouble, waitMs });
      await clock.wait(waitMs, signal);
    }
    return false;
  }

  /** Only says what differs, at once and whenever it has changed. For an app that reads nothing. Never rejects. */
  watch(): Promise<void> {
    return this.keepLooking(0);
  }

  /** A process that runs is not ended for what it sees now. */
  private async keepLooking(firstMs: number): Promise<void> {
    const { signal, clock, log } = this.options;
    let waitMs = firstMs;
    for (;;) {
      await clock.wait(waitMs, signal);
      if (signal.aborted) return;
      const cause = await this.look();
      if (cause === null) this.say();
      else log.debug('topics.notVerified', { cause });
      waitMs = cause === null ? lookAgainMs : lookSoonMs;
    }
  }

  /** Null when it has learned how things are, else why not. */
  private async look(): Promise<string | null> {
    const { kafka, topics, log } = this.options;
    try {
      this.latest = await inspectKafka(kafka, topics, log);
      return null;
    } catch (error) {
      return `Kafka: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /** Once, until it is another. */
  private say(): void {
    const { log } = this.options;
    const all = this.latest ?? [];
    const differences = inWords(all);
    const text = differences.join('\n');
    if (text === this.said) return;
    this.said = text;
    if (all.some(isFatal)) log.error('topics.differ', { differences });
    else log.warn('topics.differ', { differences });
  }

  private readings(): readonly GaugeReading[] {
    const { latest } = this;
    if (latest === null) return [];
    return (['fatal', 'warning'] as const).map((severity) => ({
      value: latest.filter((difference) => difference.severity === severity).length,
      labels: { severity },
    }));
  }
}

/** One line each: what differs, and what mends it. */
export function inWords(differences: readonly Difference[]): readonly string[] {
  return differences.map(({ kind, name, said, mend }) => `${kind} ${name} ${said}; to mend it: ${mend}`);
}

/** What whoever sets up the installation has not got to yet. */
function mayCome({ setting, is }: Difference): boolean {
  return setting === 'topic' && (is === 'missing' || is === 'hidden');
}
