import type { ConsumerProgress } from '#audit/progress';
import type { SwitchRule } from '#audit/receipts';
import type { Clock } from '#domain/clock';
import type { Log } from '#telemetry/log';

/** What keeping receipts touches. */
export interface KeepReceiptsDeps {
  /** How far the renderers are, of every partition that has said so. */
  readonly readProgress: () => Promise<readonly ConsumerProgress[]>;
  /** Partitions of all events topics together. */
  readonly partitions: () => Promise<number>;
  readonly switchReceipts: (rule: SwitchRule) => Promise<boolean>;
  /** `DEDUPE_WINDOW` in milliseconds. */
  readonly windowMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Forgets the older half of the receipts once nothing unread can repeat one of their events. Running it twice, or on two
 * schedulers at once, forgets once; a partition that says nothing keeps all of them.
 */
export async function keepReceipts(deps: KeepReceiptsDeps): Promise<void> {
  const progress = await deps.readProgress();
  const isWhole = progress.length > 0 && progress.length >= (await deps.partitions());
  // A producer's clock may be ahead of ours, and its record's time with it.
  const readToMs = isWhole ? Math.min(deps.clock.nowMs(), ...progress.map((one) => one.readToMs)) : null;
  if (await deps.switchReceipts({ windowMs: deps.windowMs, readToMs }))
    deps.log.info('receipts.switched', { windowMs: deps.windowMs });
}
