/** 0 done · 1 refused, or the answer is a no · 2 wrong usage · 3 nobody answered in time. */
export type ExitCode = 0 | 1 | 2 | 3;

export type CliFaultKind = 'failed' | 'usage' | 'unreachable';

const exitCodes: Readonly<Record<CliFaultKind, ExitCode>> = { failed: 1, usage: 2, unreachable: 3 };

/** Why a command ends early: said in one line, what to do included; `more` are lines below it. */
export class CliFault extends Error {
  override readonly name = 'CliFault';

  constructor(
    readonly kind: CliFaultKind,
    message: string,
    readonly more: readonly string[] = [],
    cause?: unknown,
  ) {
    super(message, { cause });
  }

  get exitCode(): ExitCode {
    return exitCodes[this.kind];
  }
}
