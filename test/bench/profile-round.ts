import type { BenchStage } from './bench-stage.js';
import type { Finding } from './outcome.js';
import { costsOf, type ProfileCost } from './profile.js';
import { Profiler } from './profiler.js';
import type { RoundFigures } from './round-figures.js';
import { table } from './table.js';
import { said } from './warm-up.js';

/** One more round in which the app of `--profile` is sampled: it is slower than the others, so its figures are not theirs. */
export async function profileRound(stage: BenchStage, round: () => Promise<RoundFigures>): Promise<Finding | null> {
  const { profile: name } = stage.run.options;
  const app = stage.apps.find((one) => one.name === name);
  if (name === null) return null;
  if (app === undefined) throw new Error(`this scenario does not start the ${name}`);
  const profiler = await Profiler.connect(app.logFile);
  await profiler.start();
  const { deliveries, deliveriesPerSecond } = await said(stage, `profiled: ${name}`, round());
  const costs = costsOf(await profiler.stop(), deliveries);
  profiler.close();
  const rows = (all: readonly ProfileCost[]) =>
    all.map(({ name: what, microsPerDelivery: us }) => [what, us.toFixed(1)]);
  return {
    json: { app: name, deliveries, deliveriesPerSecond, ...costs },
    lines: [
      `${name}: ${costs.microsPerDelivery.toFixed(0)} us a delivery on its main thread, self time by package and by function`,
      ...table([['package', 'us/delivery'], ...rows(costs.packages)]),
      '',
      ...table([['function', 'us/delivery'], ...rows(costs.functions)]),
    ],
  };
}
