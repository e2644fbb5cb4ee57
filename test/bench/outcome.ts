/** What a scenario found out: for programs and for people. */
export interface Outcome {
  readonly json: object;
  readonly lines: readonly string[];
}
