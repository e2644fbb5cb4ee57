/** Deliveries a second of all endpoints but one: once all are healthy, once that one never answers. */
export interface IsolationRates {
  readonly healthy: number;
  readonly hanging: number;
  /** With the one that hangs. */
  readonly endpoints: number;
}

/** By how much the time of the healthy endpoints grows beside the one that hangs, %. Below 0: they were faster. */
export interface IsolationLoss {
  /** Compared as it was measured: the one that hangs takes none of the work of sending and finishing, which hides some of the loss. */
  readonly asMeasured: number;
  /** As if it took no work at all then, and the others had all of the machine: the loss is not above this. */
  readonly atMost: number;
}

/** Lies between the two: a request that hangs has been rendered, stored and claimed, and is never sent to its end. */
export function isolationLoss({ healthy, hanging, endpoints }: IsolationRates): IsolationLoss {
  const percent = (reference: number) => (reference / hanging - 1) * 100;
  const withoutIt = endpoints > 1 ? (healthy * endpoints) / (endpoints - 1) : healthy;
  return { asMeasured: percent(healthy), atMost: percent(withoutIt) };
}
