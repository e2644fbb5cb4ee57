/** A `google.protobuf.Timestamp` as proto-loader wants it. */
export interface AnsweredTime {
  readonly seconds: number;
  readonly nanos: number;
}

/** Null stays null: the field is then absent. */
export function timestampOf(date: Date | null): AnsweredTime | null {
  if (date === null) return null;
  const ms = date.getTime();
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1_000_000 };
}
