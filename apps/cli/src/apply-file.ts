import path from 'node:path';
import { isScalar, isSeq, LineCounter, type Node, parseAllDocuments, visit } from 'yaml';
import { applyResourcesMax, applyTooLarge } from '#contracts/admin-proto';
import type { ApplyRequest } from '#contracts/generated/hookline/admin/v1/ApplyRequest';
import { isSlug } from '#domain/ids';
import { utf8Text } from './api-values.js';
import { CliFault } from './cli-fault.js';
import { displayText } from './display-text.js';
import { isRegularOrMissing, readInput } from './input-file.js';
import { type Faults, placeOf, resolved, YamlFields, type YamlSource } from './yaml-fields.js';

/** One file, read. */
export interface ApplySource {
  /** As given: a path, or `-`. */
  readonly file: string;
  /** As people call it. */
  readonly name: string;
  readonly bytes: Buffer;
}

export interface ApplyOptions {
  /** Of resources that name none. */
  readonly tenant: string;
  /** What `fromEnv` reads. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** What a file describes: one request a resource; tenants first, then endpoints, then templates. */
export interface ApplyFile {
  readonly requests: readonly ApplyRequest[];
  /** `endpoints[0]` and `endpoints[0].url`, as the admin calls them in its faults -> `hookline.yaml:7`. */
  readonly places: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

const aliasesMax = 100;
const documentsMax = 1_000;
const faultsShownMax = 50;
/** Of one document: after the first, the others are mostly its echoes. */
const syntaxFaultsMax = 3;
const secretBytesMax = 1_024;

const resourceFields = {
  tenants: ['id', 'webhooksEnabled', 'retrySchedule'],
  endpoints: [
    'id',
    'tenant',
    'url',
    'signingSecret',
    'concurrency',
    'ratePerSecond',
    'shards',
    'attemptTimeoutMs',
    'retrySchedule',
    'enabled',
  ],
  templates: [
    'id',
    'tenant',
    'endpoint',
    'eventTypes',
    'method',
    'contentType',
    'body',
    'strict',
    'active',
    'retrySchedule',
  ],
} as const;

type Collection = keyof typeof resourceFields;
const collections = Object.keys(resourceFields) as readonly Collection[];

/** What reading collects on its way. */
interface Reading extends ApplyOptions {
  readonly faults: Faults;
  readonly warnings: string[];
  /** Name of a resource -> where it was described first. */
  readonly places: Map<string, string>;
}

/** Reads every document of every file. Throws a CliFault that names every fault with its line. */
export async function readApplyFile(sources: readonly ApplySource[], options: ApplyOptions): Promise<ApplyFile> {
  const reading: Reading = { ...options, faults: [], warnings: [], places: new Map() };
  const found: Record<Collection, ApplyRequest[]> = { tenants: [], endpoints: [], templates: [] };
  const resourcePlaces = new Map<string, string>();
  for (const source of sources) {
    for (const yaml of documentsOf(source, reading.faults)) {
      for (const { collection, node } of resourcesOf(yaml, reading.faults)) {
        const fields = YamlFields.of(node, resourceFields[collection], yaml, reading.faults);
        const folder = source.file === '-' ? '.' : path.dirname(source.file);
        if (fields === null) continue;
        const resource = `${collection}[${found[collection].length}]`;
        resourcePlaces.set(resource, placeOf(node, yaml));
        for (const name of fields.names()) resourcePlaces.set(`${resource}.${name}`, fields.place(name));
        found[collection].push(await requestOf[collection](fields, reading, folder));
      }
    }
  }
  const { faults, warnings } = reading;
  if (faults.length > 0) {
    const lines = faults.slice(0, faultsShownMax).map((fault) => `  ${displayText(fault)}`);
    throw new CliFault(
      'failed',
      `nothing was applied: ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}`,
      lines,
    );
  }
  const requests = collections.flatMap((collection) => found[collection]);
  if (requests.length > applyResourcesMax)
    throw new CliFault('failed', `${applyTooLarge}: ${requests.length} resources are described`);
  return { requests, places: resourcePlaces, warnings };
}

function documentsOf({ name, bytes }: ApplySource, faults: Faults): readonly YamlSource[] {
  const text = utf8Text(bytes);
  if (text === null) {
    faults.push(`${name}: it is not UTF-8`);
    return [];
  }
  const lines = new LineCounter();
  const documents = parsed(text, lines);
  if (documents === null || documents.length > documentsMax) {
    faults.push(`${name}: nested too deeply, or more than ${documentsMax} documents`);
    return [];
  }
  let aliases = 0;
  for (const document of documents) {
    for (const { message, pos } of [...document.errors, ...document.warnings].slice(0, syntaxFaultsMax))
      faults.push(`${name}:${lines.linePos(pos[0]).line}: ${message.split('\n')[0]}`);
    visit(document, { Alias: () => void aliases++ });
  }
  if (aliases > aliasesMax) faults.push(`${name}: it has ${aliases} aliases, at most ${aliasesMax}`);
  if (aliases > aliasesMax || documents.some(({ errors }) => errors.length > 0)) return [];
  return documents.map((document) => ({ name, document, lines }));
}

/** Null when the parser, which is recursive, ran out of stack. */
function parsed(text: string, lines: LineCounter) {
  try {
    const documents = parseAllDocuments(text, { uniqueKeys: true, lineCounter: lines, prettyErrors: false });
    return 'empty' in documents ? [] : documents;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function resourcesOf(yaml: YamlSource, faults: Faults): readonly { collection: Collection; node: Node | null }[] {
  const top = yaml.document.contents;
  if (top === null || (isScalar(top) && top.value === null)) return [];
  const fields = YamlFields.of(top, collections, yaml, faults);
  if (fields === null) return [];
  return collections.flatMap((collection) => {
    const list = resolved(fields.node(collection), yaml);
    if (!fields.has(collection)) return [];
    if (isSeq(list)) return list.items.map((item) => ({ collection, node: item as Node | null }));
    faults.push(`${placeOf(fields.node(collection), yaml)}: ${collection} must be a list`);
    return [];
  });
}

const requestOf: Readonly<
  Record<Collection, (fields: YamlFields, reading: Reading, folder: string) => Promise<ApplyRequest>>
> = {
  tenants: async (fields, reading) => {
    const webhooksEnabled = fields.flag('webhooksEnabled');
    const retrySchedule = fields.texts('retrySchedule')?.slice();
    const name = `tenants/${slugOf(fields, 'id')}`;
    noteOnce(name, fields, reading);
    return { tenant: { name, ...given({ webhooksEnabled, retrySchedule }) } };
  },
  endpoints: async (fields, reading, folder) => {
    const name = nameOf('endpoints', fields, reading);
    const url = required(fields, 'url');
    const signingSecret = await secretOf(fields, reading, folder);
    const optional = {
      signingSecret,
      concurrency: fields.integer('concurrency'),
      ratePerSecond: fields.number('ratePerSecond'),
      shards: fields.integer('shards'),
      attemptTimeoutMs: fields.integer('attemptTimeoutMs'),
      retrySchedule: fields.texts('retrySchedule')?.slice(),
      enabled: fields.flag('enabled'),
    };
    return { endpoint: { name, url, ...given(optional) } };
  },
  templates: async (fields, reading) => {
    const name = nameOf('templates', fields, reading);
    const endpoint = required(fields, 'endpoint');
    const eventTypes = fields.texts('eventTypes')?.slice();
    if (!fields.has('eventTypes')) fields.wrong('eventTypes', 'is missing');
    const optional = {
      eventTypes,
      method: fields.text('method'),
      contentType: fields.text('contentType'),
      body: fields.text('body'),
      strict: fields.flag('strict'),
      active: fields.flag('active'),
      retrySchedule: fields.texts('retrySchedule')?.slice(),
    };
    return { template: { name, endpoint, ...given(optional) } };
  },
};

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Only the fields that stand in the file: what is absent takes its default on the server. */
function given<T extends object>(fields: T): Given<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Given<T>;
}

function nameOf(collection: Collection, fields: YamlFields, reading: Reading): string {
  const tenant = fields.has('tenant') ? slugOf(fields, 'tenant') : reading.tenant;
  if (!fields.has('tenant') && !isSlug(tenant)) fields.wrong('tenant', 'is missing, and --tenant names none');
  const name = `tenants/${tenant}/${collection}/${slugOf(fields, 'id')}`;
  noteOnce(name, fields, reading);
  return name;
}

function noteOnce(name: string, fields: YamlFields, { places, faults }: Reading): void {
  const first = places.get(name);
  if (first !== undefined) faults.push(`${fields.place('id')}: ${name} is described twice, first at ${first}`);
  else places.set(name, fields.place('id'));
}

function slugOf(fields: YamlFields, name: string): string {
  const text = required(fields, name);
  if (text !== '' && !isSlug(text)) fields.wrong(name, 'must be a slug: a-z, 0-9 and -, at most 63 characters');
  return text;
}

function required(fields: YamlFields, name: string): string {
  if (!fields.has(name)) fields.wrong(name, 'is missing');
  return fields.text(name) ?? '';
}

/** The secret itself, or what `fromEnv` or `fromFile` lead to. It is never quoted in a fault. */
async function secretOf(fields: YamlFields, reading: Reading, folder: string): Promise<string | undefined> {
  const place = fields.place('signingSecret');
  const source = fields.mapping('signingSecret', ['fromEnv', 'fromFile']);
  if (source === null) {
    if (!fields.has('signingSecret')) return undefined;
    const text = fields.text('signingSecret');
    if (text !== undefined)
      reading.warnings.push(
        `${place}: the secret stands in the file; { fromEnv: NAME } or { fromFile: PATH } keeps it out`,
      );
    return text;
  }
  if (source.has('fromEnv') === source.has('fromFile'))
    return fields.wrong('signingSecret', 'must have fromEnv or fromFile, one of the two');
  const [variable, file] = [source.text('fromEnv'), source.text('fromFile')];
  const text = variable === undefined ? await secretFile(file, fields, folder) : reading.env[variable];
  if (variable !== undefined && (text ?? '') === '')
    return fields.wrong('signingSecret', `is taken from the variable ${variable}, which is not set`);
  return text;
}

async function secretFile(file: string | undefined, fields: YamlFields, folder: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  const noStdin = (async function* () {})();
  try {
    const full = path.resolve(folder, file);
    // A pipe that nobody writes to would be waited for without an end.
    if (!(await isRegularOrMissing(full)))
      return fields.wrong('signingSecret', `is taken from ${file}, which is no regular file`);
    const text = (await readInput(full, secretBytesMax, noStdin)).toString('utf8').trim();
    return text === '' ? fields.wrong('signingSecret', `is taken from ${file}, which is empty`) : text;
  } catch (error) {
    if (error instanceof CliFault) return fields.wrong('signingSecret', `is taken from a file: ${error.message}`);
    throw error;
  }
}
