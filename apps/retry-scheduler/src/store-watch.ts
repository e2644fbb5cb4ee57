import type { Clock } from '#domain/clock';

/**
 * How long Postgres has been answering without a break. After an outage the answers of many requests wait for it; a
 * lease judged too early would make attempts of them that were only not recorded yet.
 */
export class StoreWatch {
  private answeringSinceMs: number | null = null;

  constructor(
    /** Milliseconds without a break after which leases may be judged. */
    private readonly graceMs: number,
    private readonly clock: Clock,
  ) {}

  note(answers: boolean): void {
    this.answeringSinceMs = answers ? (this.answeringSinceMs ?? this.clock.monotonicMs()) : null;
  }

  hasAnsweredLongEnough(): boolean {
    return this.answeringSinceMs !== null && this.clock.monotonicMs() - this.answeringSinceMs >= this.graceMs;
  }
}
