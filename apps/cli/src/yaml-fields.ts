import { type Document, isAlias, isMap, isScalar, isSeq, type LineCounter, type Node, type YAMLMap } from 'yaml';
import { suggestion } from './nearest.js';

/** Where a document stands, so that faults name the line. */
export interface YamlSource {
  readonly name: string;
  readonly document: Document;
  readonly lines: LineCounter;
}

/** One thing that is wrong, with its place. */
export type Faults = string[];

const integerMax = 2_147_483_647;

/**
 * The fields of one mapping, read one by one by type. What is wrong is collected with its line, so that a user sees
 * every fault at once; a field with a fault reads as absent.
 */
export class YamlFields {
  private constructor(
    private readonly fields: ReadonlyMap<string, Node | null>,
    private readonly map: Node,
    private readonly source: YamlSource,
    private readonly faults: Faults,
  ) {}

  /** Null, with a fault, when the node is no mapping. A field that is not among `known` is a fault. */
  static of(node: Node | null, known: readonly string[], source: YamlSource, faults: Faults): YamlFields | null {
    const map = resolved(node, source);
    if (!isMap(map)) {
      faults.push(`${placeOf(node, source)}: must be a mapping with ${known.join(', ')}`);
      return null;
    }
    return new YamlFields(knownFields(map, known, source, faults), map, source, faults);
  }

  has(name: string): boolean {
    return this.fields.has(name);
  }

  /** The fields that stand in the file. */
  names(): readonly string[] {
    return [...this.fields.keys()];
  }

  node(name: string): Node | null {
    return this.fields.get(name) ?? null;
  }

  text(name: string): string | undefined {
    return this.scalar(name, 'must be text', (value) => (typeof value === 'string' ? value : undefined));
  }

  flag(name: string): boolean | undefined {
    return this.scalar(name, 'must be true or false', (value) => (typeof value === 'boolean' ? value : undefined));
  }

  integer(name: string): number | undefined {
    const isInteger = (value: unknown): value is number =>
      Number.isInteger(value) && Math.abs(Number(value)) <= integerMax;
    return this.scalar(name, 'must be a whole number', (value) => (isInteger(value) ? value : undefined));
  }

  number(name: string): number | undefined {
    const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
    return this.scalar(name, 'must be a number', (value) => (isNumber(value) ? value : undefined));
  }

  /** A sequence of texts. */
  texts(name: string): readonly string[] | undefined {
    if (!this.has(name)) return undefined;
    const list = resolved(this.node(name), this.source);
    if (!isSeq(list)) return this.wrong(name, 'must be a list of texts');
    const texts = list.items.map((item) => {
      const scalar = resolved(item as Node, this.source);
      return isScalar(scalar) && typeof scalar.value === 'string' ? scalar.value : null;
    });
    const wrong = texts.indexOf(null);
    if (wrong >= 0) return this.wrong(name, `must be a list of texts; entry ${wrong + 1} is none`);
    return texts as string[];
  }

  /** The fields of a mapping below this one; null when the field is absent or none. */
  mapping(name: string, known: readonly string[]): YamlFields | null {
    const node = resolved(this.node(name), this.source);
    return isMap(node) ? YamlFields.of(node, known, this.source, this.faults) : null;
  }

  wrong(name: string, said: string): undefined {
    this.faults.push(`${this.place(name)}: ${name} ${said}`);
    return undefined;
  }

  /** `file:line` of a field, or of the mapping when it has none of that name. */
  place(name: string): string {
    return placeOf(this.fields.get(name) ?? this.map, this.source);
  }

  private scalar<T>(name: string, must: string, read: (value: unknown) => T | undefined): T | undefined {
    if (!this.has(name)) return undefined;
    const node = resolved(this.node(name), this.source);
    if (node === null || (isScalar(node) && node.value === null))
      return this.wrong(name, 'has no value: give it one or leave the field out');
    const value = isScalar(node) ? read(node.value) : undefined;
    return value === undefined ? this.wrong(name, must) : value;
  }
}

/** `file:line` of a node. */
export function placeOf(node: Node | null, { name, lines }: YamlSource): string {
  const start = node?.range?.[0];
  return start === undefined ? name : `${name}:${lines.linePos(start).line}`;
}

/** What an alias stands for; anything else is itself. */
export function resolved(node: Node | null, { document }: YamlSource): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node;
}

function knownFields(
  map: YAMLMap,
  known: readonly string[],
  source: YamlSource,
  faults: Faults,
): ReadonlyMap<string, Node | null> {
  const fields = new Map<string, Node | null>();
  for (const { key, value } of map.items) {
    const name = isScalar(key) ? String(key.value) : '?';
    if (known.includes(name)) fields.set(name, value as Node | null);
    else {
      const place = placeOf(key as Node, source);
      faults.push(
        `${place}: the field ${JSON.stringify(name)} is not known, or not there yet${suggestion(name, known)}`,
      );
    }
  }
  return fields;
}
