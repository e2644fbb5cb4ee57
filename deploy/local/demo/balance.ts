import type { NotificationBooks, Verdict } from '#audit/books';

/** What a run is judged by; every figure is a count. */
export interface RunFigures {
  /** Records the demo produced and the brokers confirmed. */
  readonly produced: number;
  /** Records that stand in the events topic. */
  readonly inTopic: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly notifications: NotificationBooks;
  readonly attempts: number;
  /** Requests that reached the receiver. */
  readonly requests: number;
  readonly signaturesValid: number;
  /** Requests for a notification that the receiver had accepted before. */
  readonly duplicates: number;
  /** Notifications that are sent according to Postgres, and that the receiver has never accepted. */
  readonly sentNotReceived: number;
  /** Notifications that the receiver accepted, and that are not sent according to Postgres. */
  readonly receivedNotSent: number;
}

/** Records that have their verdict. */
export function eventsRead({ verdicts }: Pick<RunFigures, 'verdicts'>): number {
  return verdicts.matched + verdicts.unmatched + verdicts.duplicate + verdicts.parked;
}

/** Whether nothing is under way any more. */
export function isSettled(figures: Pick<RunFigures, 'produced' | 'verdicts' | 'notifications'>): boolean {
  return eventsRead(figures) >= figures.produced && figures.notifications.pending === 0;
}

/** Every way in which a run does not balance, in words; empty when all is well. */
export function imbalances(figures: RunFigures): readonly string[] {
  const { produced, inTopic, notifications, requests, signaturesValid } = figures;
  const { created, sent, pending, failed, cancelled } = notifications;
  const read = eventsRead(figures);
  const said: string[] = [];
  const expect = (holds: boolean, words: string) => {
    if (!holds) said.push(words);
  };
  expect(inTopic === produced, `${produced} records were produced, ${inTopic} stand in the events topic`);
  expect(read === inTopic, `${inTopic} records stand in the events topic, ${read} have a verdict`);
  const states = sent + pending + failed + cancelled;
  expect(created === states, `${created} notifications were created, their states add up to ${states}`);
  expect(pending === 0, `${pending} notifications are still pending`);
  expect(
    figures.sentNotReceived === 0,
    `${figures.sentNotReceived} notifications are sent and never reached the receiver`,
  );
  expect(figures.receivedNotSent === 0, `${figures.receivedNotSent} notifications were accepted and are not sent`);
  expect(signaturesValid === requests, `${requests - signaturesValid} of ${requests} signatures are not valid`);
  expect(figures.duplicates === 0, `${figures.duplicates} requests came after one that had been accepted`);
  expect(figures.attempts === requests, `${figures.attempts} attempts are on record, ${requests} requests arrived`);
  return said;
}
