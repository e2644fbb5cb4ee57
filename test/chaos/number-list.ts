const firstCapacity = 1_024;

/** Numbers, eight bytes each. */
export class NumberList {
  private values = new Float64Array(firstCapacity);
  private count = 0;

  get length(): number {
    return this.count;
  }

  push(value: number): void {
    if (this.count === this.values.length) {
      const larger = new Float64Array(2 * this.count);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.count++] = value;
  }

  /** By rising value. */
  sorted(): Float64Array {
    return this.values.slice(0, this.count).sort();
  }

  /** How many stand there that stood there before. */
  repeated(): number {
    return this.sorted().reduce((sum, value, i, all) => sum + (i > 0 && value === all[i - 1] ? 1 : 0), 0);
  }
}
