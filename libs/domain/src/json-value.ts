/** A number whose source text would not survive a double (`1.10`, 23 digits): printed as it came. */
export class JsonNumber {
  constructor(readonly source: string) {}
}

/** Any JSON value. Numbers that print back exactly as they came are plain; the others keep their text. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | JsonNumber
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };
