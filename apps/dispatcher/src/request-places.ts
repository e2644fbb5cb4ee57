/** What bounds the requests of one process. */
export interface PlaceLimits {
  /** Places of all lanes together. */
  readonly requestsMax: number;
  /** Places of one tenant while others wait for one. */
  readonly tenantRequestsMax: number;
}

interface TenantPlaces {
  taken: number;
  /** Of those, requests out at an endpoint. */
  out: number;
}

/** One in so many places is kept for tenants that have less than their share: they need not wait for a slow answer to another. */
const keptOneIn = 20;

/**
 * The places of a process, shared among tenants. One that has its share takes no more while another that has less waits,
 * and never the last few. Who waits takes turns: tenants first, then the lanes of each.
 *
 * All costs are by tenants that have their share (four at most), never by lanes that wait.
 */
export class RequestPlaces<Lane extends { readonly tenant: string }> {
  private readonly tenants = new Map<string, TenantPlaces>();
  /** Lanes that could go on if there was a place, by tenant; whoever waited longest is first. No set is empty. */
  private readonly waiting = new Map<string, Set<Lane>>();
  private taken = 0;

  constructor(private readonly limits: PlaceLimits) {}

  hasPlaceFor(tenant: string): boolean {
    if (this.taken >= this.limits.requestsMax) return false;
    if (!this.hasItsShare(tenant)) return true;
    if (this.taken >= this.limits.requestsMax - Math.floor(this.limits.requestsMax / keptOneIn)) return false;
    for (const waits of this.waiting.keys()) if (waits !== tenant && !this.hasItsShare(waits)) return false;
    return true;
  }

  take(tenant: string): void {
    this.taken++;
    const places = this.tenants.get(tenant);
    if (places === undefined) this.tenants.set(tenant, { taken: 1, out: 0 });
    else places.taken++;
  }

  leave(tenant: string): void {
    const places = this.tenants.get(tenant);
    if (places === undefined) return;
    this.taken--;
    if (--places.taken === 0) this.tenants.delete(tenant);
  }

  /** A request of a tenant that has a place goes out to its endpoint (1), or has come back (-1). */
  countOut(tenant: string, change: 1 | -1): void {
    const places = this.tenants.get(tenant);
    if (places !== undefined) places.out += change;
  }

  /** Whether what a tenant waits for are its endpoints' answers, for the most part, and not our own database. */
  areOut(tenant: string): boolean {
    const { taken, out } = this.tenants.get(tenant) ?? { taken: 0, out: 0 };
    return out > 0 && out * 2 >= taken;
  }

  /** Whether any lane waits for a place. */
  get areAwaited(): boolean {
    return this.waiting.size > 0;
  }

  isAwaitedBy(lane: Lane): boolean {
    return this.waiting.get(lane.tenant)?.has(lane) === true;
  }

  /** Puts a lane behind those that wait; one that waits already keeps its turn. */
  await(lane: Lane): void {
    const lanes = this.waiting.get(lane.tenant);
    if (lanes === undefined) this.waiting.set(lane.tenant, new Set([lane]));
    else lanes.add(lane);
  }

  /** It waits no longer. */
  forget(lane: Lane): void {
    const lanes = this.waiting.get(lane.tenant);
    if (lanes?.delete(lane) === true && lanes.size === 0) this.waiting.delete(lane.tenant);
  }

  /** The lane whose turn it is, if there is a place for it; it waits no longer, and its tenant's others come after other tenants'. */
  next(): Lane | undefined {
    const lane = this.first();
    if (lane === undefined || !this.hasPlaceFor(lane.tenant)) return undefined;
    const lanes = this.waiting.get(lane.tenant);
    this.forget(lane);
    this.waiting.delete(lane.tenant);
    if (lanes !== undefined && lanes.size > 0) this.waiting.set(lane.tenant, lanes);
    return lane;
  }

  private first(): Lane | undefined {
    let last: Lane | undefined;
    for (const [tenant, lanes] of this.waiting) {
      const [lane] = lanes;
      if (!this.hasItsShare(tenant)) return lane;
      last ??= lane;
    }
    return last;
  }

  private hasItsShare(tenant: string): boolean {
    return (this.tenants.get(tenant)?.taken ?? 0) >= this.limits.tenantRequestsMax;
  }
}
