/** 0 done · 1 refused, or the answer is a no · 2 wrong usage · 3 nobody answered in time. */
export type ExitCode = 0 | 1 | 2 | 3;

export type CliFaultKind = 'failed' | 'usage' | 'unreachable';

const exitCodes: Readonly<Record<CliFaultKind, ExitCode>> = { failed: 1, usage: 2, unreachable: 3 };

/** One field that the admin found wrong. */
export interface WrongField {
  readonly field: string;
  readonly said: string;
}

/** Why a command ends early: said in one line, what to do included; `more` are lines below it, `fields` one line each. */
export class CliFault extends Error {
  override readonly name = 'CliFault';

  constructor(
    readonly kind: CliFaultKind,
    message: string,
    readonly more: readonly string[] = [],
    readonly options: { readonly cause?: unknown; readonly fields?: readonly WrongField[] } = {},
  ) {
    super(message, { cause: options.cause });
  }

  get exitCode(): ExitCode {
    return exitCodes[this.kind];
  }

  get fields(): readonly WrongField[] {
    return this.options.fields ?? [];
  }
}
