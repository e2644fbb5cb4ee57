import type { AdminClient } from './admin-client.js';
import type { ExitCode } from './cli-fault.js';

/** One flag: what is parsed and what help says come from here alone. */
export interface Flag {
  /** Without the dashes. */
  readonly name: string;
  readonly short?: string;
  /** Placeholder of its value in help, e.g. FILE; a flag without one is on or off. */
  readonly value?: string;
  /** May be given several times. */
  readonly many?: boolean;
  readonly required?: boolean;
  /** The only values allowed. */
  readonly choices?: readonly string[];
  /** The value is a whole number within these bounds. */
  readonly within?: readonly [min: number, max: number];
  readonly help: string;
}

/** One thing the command line does. */
export interface Command {
  /** Null for a noun that is a command itself, e.g. `hookline apply`. */
  readonly verb: string | null;
  /** Placeholders of what stands without a flag; one in brackets may be left out. */
  readonly operands: readonly string[];
  readonly flags: readonly Flag[];
  readonly summary: string;
  /** What help says below the flags. */
  readonly details?: readonly string[];
  /** Whole command lines. */
  readonly examples: readonly string[];
  readonly run: (context: CommandContext) => Promise<ExitCode>;
}

/** A resource and what can be done with it; one file each. */
export interface Noun {
  readonly name: string;
  readonly summary: string;
  readonly commands: readonly Command[];
}

/** Where text goes. Both resolve once the operating system has taken it, so that a slow reader slows us down. */
export interface Output {
  readonly out: (data: string | Uint8Array) => Promise<void>;
  readonly err: (text: string) => Promise<void>;
  readonly colours: boolean;
}

/** What a process has around it; a test brings its own. */
export interface World {
  /** How this command line is started, e.g. `npx hookline`: hints can be copied. */
  readonly program: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly output: Output;
}

/** How answers are printed. */
export type OutputFormat = 'table' | 'json';

/** What a command is run with. */
export interface CommandContext {
  readonly given: Given;
  readonly world: World;
  readonly output: Output;
  readonly format: OutputFormat;
  /** A slug, or `-` for all tenants. */
  readonly tenant: string;
  /** Whether `tenant` stood on the command line, not only in the environment. */
  readonly isTenantGiven: boolean;
  /** Connects on the first call, so that what needs no server loads no gRPC. */
  readonly admin: () => Promise<AdminClient>;
}

/** What stood on the command line, checked against its command. */
export class Given {
  constructor(
    readonly operands: readonly string[],
    private readonly flags: ReadonlyMap<string, readonly string[]>,
  ) {}

  has(flag: string): boolean {
    return this.flags.has(flag);
  }

  text(flag: string): string | undefined {
    return this.flags.get(flag)?.[0];
  }

  texts(flag: string): readonly string[] {
    return this.flags.get(flag) ?? [];
  }

  /** Of a flag with `within`, which the parser has checked. */
  integer(flag: string): number | undefined {
    const text = this.text(flag);
    return text === undefined ? undefined : Number(text);
  }

  /** The n-th operand; the parser has checked that the required ones are there. */
  operand(n = 0): string {
    return this.operands[n] ?? '';
  }
}
