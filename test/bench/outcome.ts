/** Found out: for programs and for people. */
export interface Finding {
  readonly json: object;
  readonly lines: readonly string[];
}

/** What every scenario writes as JSON; one that has more adds it. */
export interface ScenarioFigures {
  readonly rounds: readonly object[];
  readonly median: object;
  /** As `median`, with `{ min, median, max }` in the place of each number that is measured by round. */
  readonly spread: object;
  /** The bare loops by name; null where none ran. */
  readonly bare: object | null;
  /** Of deliveries a second, against the bare loop of the same parts; null where it did not run. */
  readonly ratioToBare: number | null;
}

/** What a scenario found out. */
export interface Outcome extends Finding {
  readonly json: ScenarioFigures;
}
