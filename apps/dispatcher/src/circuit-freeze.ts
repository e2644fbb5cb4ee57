import type { RecentResults } from '#domain/circuit';
import type { Log } from '#telemetry/log';

/** When most endpoints of a process count as failing together. */
export interface FreezePolicy {
  /** Of the endpoints something was heard of, 0..1; when more of them fail, the fault is ours. */
  readonly failingShare: number;
  /** Fewer endpoints than this say nothing of whose fault it is. */
  readonly endpointsMin: number;
  /** Whose failures began within this began together, milliseconds. */
  readonly windowMs: number;
}

/** What was heard of an endpoint of late. */
export interface Heard extends RecentResults {
  /** Its circuit is open: nothing is heard of it but probes. */
  readonly isOpen: boolean;
}

/** So many failures in a row are no chance, whatever came before them. */
const failingInARow = 3;
const lookEveryMs = 1_000;
/** A fault of ours that lasts longer than this is known by then; each endpoint is judged alone again. */
const frozenMsMax = 600_000;

/**
 * Whether the endpoints of a process began to fail together: then the fault is not theirs, and no circuit opens until
 * they are well again. Endpoints that have failed for long say nothing of now.
 */
export class CircuitFreeze {
  private lookedMs = Number.NEGATIVE_INFINITY;
  private frozenSinceMs: number | null = null;

  constructor(
    private readonly policy: FreezePolicy,
    private readonly log: Log,
  ) {}

  /** Looks at all endpoints once a second at most. @param nowMs milliseconds since the epoch */
  isFrozen(nowMs: number, all: () => readonly Heard[]): boolean {
    if (nowMs - this.lookedMs >= lookEveryMs) {
      this.lookedMs = nowMs;
      if (this.frozenSinceMs === null) this.freeze(nowMs, all());
      else this.thaw(nowMs, all());
    }
    return this.frozenSinceMs !== null;
  }

  private freeze(nowMs: number, all: readonly Heard[]): void {
    const { windowMs } = this.policy;
    const isNews = ({ failingSinceMs }: Heard) => failingSinceMs === null || nowMs - failingSinceMs < windowMs;
    const heard = all.filter((one) => isHeardOf(one) && isNews(one));
    if (!this.mostFail(heard)) return;
    this.frozenSinceMs = nowMs;
    const failing = heard.filter(fails).length;
    const said = 'most endpoints fail together: no circuit opens; look at the network and the resolver of these pods';
    this.log.error('circuits.frozen', { endpoints: heard.length, failing, said });
  }

  private thaw(nowMs: number, all: readonly Heard[]): void {
    const frozenMs = nowMs - (this.frozenSinceMs ?? nowMs);
    if (frozenMs < frozenMsMax && this.mostFail(all.filter(isHeardOf))) return;
    this.frozenSinceMs = null;
    this.log.info('circuits.thawed', { frozenMs });
  }

  private mostFail(heard: readonly Heard[]): boolean {
    const { endpointsMin, failingShare } = this.policy;
    return heard.length >= endpointsMin && heard.filter(fails).length > heard.length * failingShare;
  }
}

function isHeardOf({ good, failed, isOpen, failingSinceMs }: Heard): boolean {
  return good + failed > 0 || (isOpen && failingSinceMs !== null);
}

function fails({ good, failed, failedInARow, isOpen }: Heard): boolean {
  return isOpen || failedInARow >= failingInARow || (failedInARow > 0 && failed > good);
}
