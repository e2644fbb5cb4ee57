/** A call from the process that runs the bench, and the answer to it. */
export interface CallMessage {
  readonly id: number;
  readonly call: string;
  readonly argument: unknown;
}

export type AnswerMessage =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: string };

/** What a program of the bench can be asked for; each takes one argument. */
export type Calls = Readonly<Record<string, (argument: never) => unknown>>;

/** Answers the calls of the process that started this one, and ends with it. */
export function serveCalls(calls: Calls): void {
  process.on('message', (message: CallMessage) => void answer(message, calls));
  process.on('disconnect', () => process.exit(0));
  process.on('SIGINT', () => undefined); // the terminal's: the bench itself ends us, in order
}

async function answer({ id, call, argument }: CallMessage, calls: Calls): Promise<void> {
  const send = (message: AnswerMessage) => void process.send?.(message);
  try {
    const run = calls[call];
    if (run === undefined) throw new Error(`there is no call ${call}`);
    send({ id, answer: await run(argument as never) });
  } catch (error) {
    send({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
