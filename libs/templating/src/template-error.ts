/** What is wrong with a template, or went wrong while it ran. */
export type TemplateErrorCode =
  | 'TEMPLATE_SYNTAX'
  | 'TEMPLATE_FORBIDDEN'
  | 'TEMPLATE_NAME'
  | 'TEMPLATE_POSITION'
  | 'TEMPLATE_TOO_LONG'
  | 'TEMPLATE_TOO_COMPLEX'
  | 'TEMPLATE_TOO_DEEP'
  | 'TEMPLATE_MISSING'
  | 'TEMPLATE_CHARACTER'
  | 'TEMPLATE_BUDGET_STEPS'
  | 'TEMPLATE_BUDGET_VALUE'
  | 'TEMPLATE_BUDGET_OUTPUT'
  | 'OUTPUT_NOT_JSON';

/** A place in a template's source, both from 1. */
export interface SourcePlace {
  readonly line: number;
  readonly column: number;
}

/** Says what is wrong, where, and what to do. Holds no value of an event. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
  readonly line: number;
  readonly column: number;

  constructor(
    readonly code: TemplateErrorCode,
    said: string,
    place: SourcePlace,
    readonly hint = '',
  ) {
    super(`${said} (line ${place.line}, column ${place.column})${hint === '' ? '' : `; ${hint}`}`);
    this.line = place.line;
    this.column = place.column;
  }
}
