import path from 'node:path';
import { kafkaIsFetched, kafkaJarsFolder, kafkaVersion } from './fetch-kafka.js';
import { findJava, findMaven, findPostgres, javaVersionMin, postgresVersionMin } from './find-programs.js';
import { canInstall, type MissingProgram, mayInstall, waysOut } from './install-missing.js';

const debianJava = [
  'openjdk-17-jre-headless',
  'openjdk-21-jre-headless',
  'openjdk-25-jre-headless',
  'default-jre-headless',
];
const debianPostgres = ['postgresql-15', 'postgresql-16', 'postgresql-17', 'postgresql-18', 'postgresql'];

/** The programs that Kafka needs here and that are not there. Maven only fetches: with the jars in place it is not missed. */
export function missingForKafka(): readonly MissingProgram[] {
  const java = findJava() === null ? [{ what: `Java ${javaVersionMin} or newer`, packages: debianJava }] : [];
  const needsMaven = !kafkaIsFetched() && findMaven() === null;
  return [...java, ...(needsMaven ? [{ what: 'Maven (mvn)', packages: ['maven'] }] : [])];
}

/** The programs that Postgres needs here and that are not there. */
export function missingForPostgres(): readonly MissingProgram[] {
  if (findPostgres() !== null) return [];
  return [{ what: `PostgreSQL ${postgresVersionMin} or newer (initdb, postgres)`, packages: debianPostgres }];
}

/**
 * Says what the launchers will install and where before anything is touched. Throws when something is missing that may
 * not or cannot be installed: everything at once, with the ways out.
 */
export function announceInstalls(
  servers: { readonly kafka: boolean; readonly postgres: boolean },
  say: (line: string) => void,
): void {
  const missing = [...(servers.kafka ? missingForKafka() : []), ...(servers.postgres ? missingForPostgres() : [])];
  const mustFetch = servers.kafka && !kafkaIsFetched();
  const kafka = { what: `Apache Kafka ${kafkaVersion} (46 jars)`, packages: [] };
  if (!mayInstall() && mustFetch) throw new Error(waysOut([...missing, kafka]));
  if (missing.length > 0 && !canInstall()) throw new Error(waysOut(missing));
  for (const { what } of missing) say(`will install ${what} on this machine (apt-get)`);
  if (mustFetch)
    say(`will fetch ${kafka.what}, 44 MB, from Maven Central to ${path.relative(process.cwd(), kafkaJarsFolder)}`);
}
