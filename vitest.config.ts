import { defineConfig } from 'vitest/config';

/**
 * Vite is pinned in package.json beside vitest, which would take any of three majors: Nest and TypeORM need the decorators'
 * metadata that vite 8 emits. Specs beside the code need no server; integration and e2e share one real Kafka and one real
 * Postgres per run.
 */
const conditions = {
  resolve: { conditions: ['source'] },
  ssr: { resolve: { conditions: ['source', 'node'] } },
};
/** Specs that start clusters of their own, kill brokers and wait for minutes: two of them leave the machine idle enough. */
const clusters = [
  ...['kafka-security', 'leaderless-partition', 'record-sink', 'record-source', 'rejoining-member'],
  'set-aside-records',
].map((name) => `test/integration/${name}.spec.ts`);
const withServers = { globalSetup: ['test/support/global-servers.ts'], fileParallelism: false, hookTimeout: 120_000 };

export default defineConfig({
  ...conditions,
  test: {
    reporters: ['default', './test/support/result-reporter.ts'],
    projects: [
      {
        ...conditions,
        test: {
          name: 'unit',
          include: ['{apps,libs,deploy/local,test/rules,test/bench,test/chaos,test/soak}/**/*.spec.ts'],
          testTimeout: 20_000,
        },
      },
      {
        ...conditions,
        test: {
          ...{ name: 'integration', include: ['test/integration/**/*.spec.ts'], exclude: clusters },
          ...{ testTimeout: 60_000, ...withServers },
        },
      },
      {
        ...conditions,
        test: {
          ...{ name: 'clusters', include: clusters, testTimeout: 60_000, hookTimeout: 120_000 },
          ...{ maxWorkers: 2, sequence: { groupOrder: 1 } },
        },
      },
      {
        ...conditions,
        test: { name: 'e2e', include: ['test/e2e/**/*.spec.ts'], testTimeout: 180_000, ...withServers },
      },
    ],
  },
});
