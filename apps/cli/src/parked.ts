import type { ParkedEvent__Output } from '#contracts/generated/hookline/admin/v1/ParkedEvent';
import { bytesValue, int64Value, orNull, timeText, utf8Text } from './api-values.js';
import type { ExitCode } from './cli-fault.js';
import type { CommandContext, Noun } from './command.js';
import { displayJson, displayText, shortened } from './display-text.js';
import { limitFlags, printList } from './print-list.js';
import { parkedEventName } from './resource-names.js';
import { type Column, printDetails } from './table.js';

/** Of a value in a terminal; `-o json` has all of it. */
const shownCharsMax = 4_000;

/** Records that could not become an event. */
export const parkedNoun: Noun = {
  name: 'parked',
  summary: 'records that could not become an event, kept byte for byte (platform keys)',
  commands: [
    {
      verb: 'list',
      operands: [],
      flags: limitFlags,
      summary: 'lists parked records, newest first',
      examples: ['hookline parked list', 'hookline parked list --all -o json'],
      run: list,
    },
    {
      verb: 'get',
      operands: ['TOPIC/PARTITION/OFFSET'],
      flags: [],
      summary: 'shows one parked record with its bytes',
      details: ['With -o json, key and value are text where they are UTF-8, else keyBase64 and valueBase64.'],
      examples: ['hookline parked get hookline.events/3/42', 'hookline parked get hookline.events/3/42 -o json'],
      run: get,
    },
  ],
};

async function list(context: CommandContext): Promise<ExitCode> {
  const admin = await context.admin();
  return printList(context, {
    what: 'parked records',
    page: (pageSize, pageToken) => admin.parkedEvents({ pageSize, pageToken }),
    columns,
    json: parkedJson,
  });
}

async function get({ given, admin, output, format }: CommandContext): Promise<ExitCode> {
  const name = parkedEventName(given.operand());
  const parked = await (await admin()).parkedEvent(name);
  if (format === 'json') {
    await output.out(`${displayJson({ ...parkedJson(parked), ...bytesValue('value', parked.value) })}\n`);
    return 0;
  }
  await printDetails(output, detailsOf(parked));
  await output.out(`\n  ${shownBytes(parked.value)}\n`);
  return 0;
}

const placeOf = ({ topic, partition, offset }: ParkedEvent__Output) => `${topic}/${partition}/${offset}`;

const columns: readonly Column<ParkedEvent__Output>[] = [
  { title: 'PLACE', text: placeOf },
  { title: 'REASON', text: ({ reason }) => reason, colour: () => 'red' },
  { title: 'BYTES', text: ({ valueBytes }) => String(valueBytes) },
  { title: 'PARKED', text: ({ parkTime }) => timeText(parkTime) },
  { title: 'RELEASED', text: ({ releaseTime }) => timeText(releaseTime) },
  { title: 'DETAIL', text: ({ detail }) => detail },
];

function detailsOf(parked: ParkedEvent__Output): readonly (readonly [string, string])[] {
  return [
    ['place', placeOf(parked)],
    ['reason', parked.reason],
    ['detail', parked.detail],
    ['record time', timeText(parked.recordTime)],
    ['parked', timeText(parked.parkTime)],
    ['released', timeText(parked.releaseTime)],
    ['key', shownBytes(parked.key)],
    ...Object.entries(parked.headers).map(([name, value]): readonly [string, string] => [
      `header ${displayText(name)}`,
      value,
    ]),
    ['value', `${parked.valueBytes} bytes`],
  ];
}

function parkedJson(parked: ParkedEvent__Output): object {
  return {
    name: parked.name,
    topic: parked.topic,
    partition: parked.partition,
    offset: int64Value(parked.offset),
    reason: parked.reason,
    detail: parked.detail,
    valueBytes: parked.valueBytes,
    ...bytesValue('key', parked.key),
    headers: parked.headers,
    recordTime: orNull(timeText(parked.recordTime)),
    parkTime: orNull(timeText(parked.parkTime)),
    releaseTime: orNull(timeText(parked.releaseTime)),
  };
}

/** Text where the bytes are UTF-8, else hexadecimal. */
function shownBytes(bytes: Uint8Array): string {
  const text = utf8Text(bytes) ?? `hexadecimal ${Buffer.from(bytes).toString('hex')}`;
  return shortened(displayText(text), shownCharsMax);
}
