import type { CheckTopicsResponse__Output } from '#contracts/generated/hookline/admin/v1/CheckTopicsResponse';
import type { TopicDifference__Output } from '#contracts/generated/hookline/admin/v1/TopicDifference';
import { stateText } from './api-values.js';
import type { ExitCode } from './cli-fault.js';
import type { CommandContext, Noun, Output } from './command.js';
import { addressOf } from './connection.js';
import { displayJson, displayText } from './display-text.js';
import { type Colour, painted } from './table.js';

/** What is wrong with the installation. */
export const doctorNoun: Noun = {
  name: 'doctor',
  summary: 'says what is wrong with the installation (platform keys)',
  commands: [
    {
      verb: null,
      operands: [],
      flags: [],
      summary:
        'says whether admin, brokers, topics and retry schedules are as they must be, and what mends what is not',
      details: [
        'Exit code 1 when records could be lost or misplaced, or the brokers do not speak as Hookline does; then an app',
        'that reads records does not start. A warning loses nothing and leaves the exit code at 0.',
      ],
      examples: ['hookline doctor', 'hookline doctor -o json'],
      run: doctor,
    },
  ],
};

async function doctor({ given, world, admin, output, format }: CommandContext): Promise<ExitCode> {
  const address = addressOf(given, world.env);
  const checked = await (await admin()).checkTopics();
  const isWell = !checked.differences.some(isFatal);
  const text =
    format === 'json'
      ? `${displayJson(reportJson(checked, address, isWell))}\n`
      : reportLines(checked, address)
          .map((line) => shownLine(line, output))
          .join('');
  await output.out(text);
  return isWell ? 0 : 1;
}

type Line = readonly [state: string, text: string];

const colours: Readonly<Record<string, Colour>> = { ok: 'green', fatal: 'red', warning: 'yellow' };

function shownLine([state, text]: Line, output: Output): string {
  return `${painted(state.padEnd(9), colours[state], output)}${displayText(text)}\n`;
}

function reportLines({ topics, differences }: CheckTopicsResponse__Output, address: string): readonly Line[] {
  const [ofBrokers, ofTopics, ofSchedules] = ['broker', 'topic', 'retry schedule'].map((kind) =>
    differences.filter((one) => subjectOf(one) === kind),
  );
  const linesOf = (all: readonly TopicDifference__Output[] = []) =>
    all.flatMap((one): readonly Line[] => [
      [severityOf(one), `${subjectOf(one)} ${one.subjectName} ${one.detail}`],
      ['', `mend it: ${one.remedy}`],
    ]);
  const brokersLine: Line = ['ok', "Kafka's brokers answer and speak as Hookline does"];
  const topicsLine: Line = ['ok', `${topics.length} topics are as they must be`];
  const isUnread = ofBrokers?.some(isFatal) === true;
  return [
    ['ok', `the admin at ${address} answers`],
    ...(ofBrokers?.length === 0 ? [brokersLine] : linesOf(ofBrokers)),
    ...(ofTopics?.length === 0 && !isUnread ? [topicsLine] : linesOf(ofTopics)),
    ...linesOf(ofSchedules),
  ];
}

const subjectOf = ({ subject }: TopicDifference__Output) =>
  stateText(subject, 'TOPIC_DIFFERENCE_SUBJECT').replaceAll('_', ' ');
const severityOf = ({ severity }: TopicDifference__Output) => stateText(severity, 'DIFFERENCE_SEVERITY');

function isFatal(difference: TopicDifference__Output): boolean {
  return severityOf(difference) === 'fatal';
}

function reportJson({ topics, differences }: CheckTopicsResponse__Output, admin: string, isWell: boolean): object {
  return {
    ok: isWell,
    admin,
    topics,
    differences: differences.map((one) => ({
      ...{ subject: subjectOf(one), name: one.subjectName, severity: severityOf(one), setting: one.setting },
      ...{ is: one.currentValue, mustBe: one.requiredValue, detail: one.detail, mend: one.remedy },
    })),
  };
}
