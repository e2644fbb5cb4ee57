import type { RoundFigures } from './round-figures.js';

/** A round whose figures are not to be trusted, and why. */
export interface RoundFault {
  readonly round: string;
  readonly lost: number;
  readonly duplicates: number;
  /** False when something was still under way at the end of the round, or servers and apps did not get quiet around it. */
  readonly settled: boolean;
}

/** What went wrong in a run that was measured all the same: its warm-up and its bare rounds count as well. */
export class Faults {
  private readonly noted: RoundFault[] = [];

  get all(): readonly RoundFault[] {
    return this.noted;
  }

  /** Keeps what is wrong with a round, if anything is. */
  note(round: string, { lost, duplicates, settled }: Pick<RoundFigures, 'lost' | 'duplicates' | 'settled'>): void {
    if (lost !== 0 || duplicates !== 0 || !settled) this.noted.push({ round, lost, duplicates, settled });
  }

  /** In words; none where nothing went wrong. */
  get lines(): readonly string[] {
    if (this.noted.length === 0) return [];
    const sum = (of: (fault: RoundFault) => number) => this.noted.reduce((total, fault) => total + of(fault), 0);
    const unsettled = sum(({ settled }) => (settled ? 0 : 1));
    return [
      ...this.noted.map(({ round, ...fault }) => `${round}: ${faultText(fault)}`),
      `THIS RUN DOES NOT COUNT: lost ${sum(({ lost }) => lost)}, duplicates ${sum(({ duplicates }) => duplicates)}, rounds that did not settle ${unsettled}`,
    ];
  }
}

function faultText({ lost, duplicates, settled }: Omit<RoundFault, 'round'>): string {
  return [
    ...(lost === 0 ? [] : [`lost ${lost}`]),
    ...(duplicates === 0 ? [] : [`duplicates ${duplicates}`]),
    ...(settled ? [] : ['did not settle']),
  ].join(', ');
}
