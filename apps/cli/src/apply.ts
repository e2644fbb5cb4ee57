import { applyBytesMax } from '#contracts/admin-proto';
import type { ApplyResponse__Output } from '#contracts/generated/hookline/admin/v1/ApplyResponse';
import { orNull, stateText } from './api-values.js';
import { readApplyFile } from './apply-file.js';
import { CliFault, type ExitCode } from './cli-fault.js';
import type { CommandContext, Noun } from './command.js';
import { displayJson, displayText } from './display-text.js';
import { nameOf, readInput } from './input-file.js';
import { type Column, Table } from './table.js';

/** The declarative file. */
export const applyNoun: Noun = {
  name: 'apply',
  summary: 'makes tenants, endpoints and templates as a YAML file describes them',
  commands: [
    {
      verb: null,
      operands: [],
      flags: [
        { name: 'file', short: 'f', value: 'FILE', many: true, required: true, help: 'YAML; - is standard input' },
      ],
      summary: 'makes tenants, endpoints and templates as a YAML file describes them; all or nothing, deletes nothing',
      details: [
        'tenants: [{ id, webhooksEnabled, retrySchedule }]',
        'endpoints: [{ id, tenant, url, signingSecret, concurrency, ratePerSecond, shards, attemptTimeoutMs, retrySchedule, enabled }]',
        'templates: [{ id, tenant, endpoint, eventTypes, method, contentType, body, strict, active, retrySchedule }]',
        'signingSecret is { fromEnv: NAME }, { fromFile: PATH } (from the folder of the YAML file), or the secret itself.',
        'Without one, a new endpoint gets a secret of 32 random bytes, which is shown once. Without tenant, --tenant holds.',
      ],
      examples: ['hookline apply -f hookline.yaml', 'hookline apply -f tenants.yaml -f endpoints.yaml --tenant acme'],
      run: apply,
    },
  ],
};

async function apply(context: CommandContext): Promise<ExitCode> {
  const { given, world, tenant, output, format } = context;
  const files = given.texts('file');
  if (files.filter((file) => file === '-').length > 1)
    throw new CliFault('usage', 'standard input can be read once: give -f - once');
  let bytesLeft = applyBytesMax;
  const sources = [];
  for (const file of files) {
    const bytes = await readInput(file, bytesLeft, world.stdin);
    bytesLeft -= bytes.length;
    sources.push({ file, name: nameOf(file), bytes });
  }
  const { requests, places, warnings } = await readApplyFile(sources, { tenant, env: world.env });
  for (const warning of warnings) await output.err(`warning: ${displayText(warning)}\n`);
  if (requests.length === 0)
    throw new CliFault('failed', `${sources.map(({ name }) => name).join(', ')}: nothing is described`);
  const admin = await context.admin();
  const changes = await admin.apply(requests).catch((error: unknown) => {
    throw atTheirPlaces(error, places);
  });
  if (format === 'json') await output.out(`${displayJson(changes.map(changeJson))}\n`);
  else await printChanges(context, changes);
  return 0;
}

/** The same fault, with the line of the file where the admin names a resource by its number. */
function atTheirPlaces(error: unknown, places: ReadonlyMap<string, string>): unknown {
  if (!(error instanceof CliFault) || error.fields.length === 0) return error;
  const fields = error.fields.map(({ field, said }) => {
    const [resource = '', first = '', ...rest] = field.split('.');
    // The name is made of two fields of the file.
    const name = first !== 'name' ? first : /^there is no tenant/.test(said) ? 'tenant' : 'id';
    const place = places.get(`${resource}.${name}`) ?? places.get(resource);
    return { field: place === undefined ? field : `${place}: ${[name, ...rest].join('.')}`, said };
  });
  return new CliFault(error.kind, error.message, ['nothing was changed'], { cause: error, fields });
}

async function printChanges({ output }: CommandContext, changes: readonly ApplyResponse__Output[]): Promise<void> {
  await new Table(columns, output).add(changes);
  for (const { name, signingSecret } of changes) {
    if (signingSecret === '') continue;
    await output.out(
      `\nThe signing secret of ${displayText(name)}; it is not shown again:\n${displayText(signingSecret)}\n`,
    );
  }
  const counts = ['created', 'updated', 'unchanged'].flatMap((kind) => {
    const count = changes.filter((change) => changeOf(change) === kind).length;
    return count === 0 ? [] : [`${count} ${kind}`];
  });
  await output.out(`\n${counts.join(', ') || 'nothing changed'}\n`);
}

const changeOf = ({ change }: ApplyResponse__Output) => stateText(change, 'APPLY_CHANGE');

const columns: readonly Column<ApplyResponse__Output>[] = [
  { title: 'NAME', text: ({ name }) => name },
  {
    title: 'CHANGE',
    text: changeOf,
    colour: ({ change }) =>
      change === 'APPLY_CHANGE_CREATED' ? 'green' : change === 'APPLY_CHANGE_UPDATED' ? 'yellow' : undefined,
  },
  { title: 'FIELDS', text: ({ fields }) => fields.join(', ') },
];

function changeJson(change: ApplyResponse__Output): object {
  const { name, fields, signingSecret } = change;
  return { name, change: changeOf(change), fields, signingSecret: orNull(signingSecret) };
}
