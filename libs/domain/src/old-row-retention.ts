/** How long rows beside the history of notifications are kept, milliseconds. */
export interface OldRowRetention {
  /** Events that no template took. */
  readonly unmatchedMs: number;
  /** Records that could not be placed, whether they were released since or not. */
  readonly parkedMs: number;
  /** What operators did. */
  readonly operatorLogMs: number;
  /** How far a partition was read, which is told every few seconds as long as it is read. */
  readonly progressMs: number;
  /** Re-sends are kept as long as the notifications they belong to. */
  readonly notificationMs: number;
}
