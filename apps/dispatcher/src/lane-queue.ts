/** Told its turn, or why there is none. */
export type Waiter<T> = (turn: T) => void;

/** So many fresh ones go before one of the others. */
const freshInARow = 3;

/** Who waits in a lane: first attempts of new notifications go before retries, releases and re-sends 3:1, each in its order. */
export class LaneQueue<T> {
  private readonly fresh = new Set<Waiter<T>>();
  private readonly others = new Set<Waiter<T>>();
  private freshTaken = 0;

  get size(): number {
    return this.fresh.size + this.others.size;
  }

  /** Of those that are not fresh. */
  get othersSize(): number {
    return this.others.size;
  }

  add(waiter: Waiter<T>, isFresh: boolean): void {
    (isFresh ? this.fresh : this.others).add(waiter);
  }

  delete(waiter: Waiter<T>): void {
    if (!this.fresh.delete(waiter)) this.others.delete(waiter);
  }

  /** Whose turn it is; undefined when nobody waits. It stays in the queue until it is deleted. */
  next(): Waiter<T> | undefined {
    const [fresh] = this.fresh;
    const [other] = this.others;
    const isFreshTurn = fresh !== undefined && (other === undefined || this.freshTaken < freshInARow);
    this.freshTaken = isFreshTurn && other !== undefined ? this.freshTaken + 1 : 0;
    return isFreshTurn ? fresh : other;
  }

  /** All but so many, the others before the fresh ones, the youngest of each first. */
  tooMany(kept: number): readonly Waiter<T>[] {
    const byAge = [...this.fresh, ...this.others];
    return byAge.slice(kept).reverse();
  }
}
