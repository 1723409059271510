import { expect, test } from 'vitest';
import { runScenario, scenarios } from '../../bench/telemetry/telemetry-loss.ts';
import { describeStack } from './support/running-stack.ts';

// The long versions run with `npm run bench -- telemetry --full`.
// The SDK's own exporter retries for less than twelve seconds.
const shortScenarios = scenarios({ saturation: 5, collectorDown: 12, jaegerDown: 8 });

describeStack('no telemetry is lost', (stack) => {
  test.each(shortScenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    { timeout: 300_000 },
    async (_, scenario) => {
      const { answered, counted, received, stored, logged, dropped } = await runScenario(stack(), scenario);
      expect(answered).toBeGreaterThan(scenario.seconds * 100);
      expect({ counted, stored, logged, dropped }).toEqual({
        counted: answered,
        stored: answered,
        logged: answered,
        dropped: 0,
      });
      if (scenario.collectorCounts) expect(received).toBe(answered);
    },
  );
});
