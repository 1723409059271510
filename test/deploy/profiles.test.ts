import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, test } from 'vitest';
import { CHART } from '../../tools/chart-files.ts';
import { type Checkers, installCheckers } from '../../tools/deploy/install.ts';
import { RENDERED_DEFAULT, render, renderDefault } from '../../tools/deploy/render.ts';
import { PROFILES, renderProfile, toFile } from './support/profiles.ts';
import { policyFailures, runChecker } from './support/run-checker.ts';

/** The checks of kube-score that do not fit, each with its reason. */
const NOT_FOR_US = {
  'container-security-context-user-group-id': 'The image has the user id 1000, as the Dockerfile says.',
  'container-image-pull-policy': 'An image has a version or a digest, so a node may keep it.',
  'deployment-has-host-podantiaffinity': 'Topology spread constraints do the same, over zones too.',
  'statefulset-has-host-podantiaffinity': 'The same.',
  'deployment-replicas': 'Without a database there is one. KEDA decides where it scales.',
  'deployment-strategy': 'Without a database two pods would write one file, so one ends before the next one starts.',
};

describe.skipIf(inject('missingForCheckers'))('the chart', () => {
  let checkers: Checkers;

  beforeAll(async () => {
    checkers = await installCheckers(process.stdout, new AbortController().signal);
  });

  test.each(PROFILES)('passes the strict lint with the values %s', async (profile) => {
    const values = join(CHART, `ci/${profile}-values.yaml`);
    const { code, output } = await runChecker(checkers.helm, ['lint', '--strict', '--values', values, CHART]);
    expect(output).toContain('1 chart(s) linted, 0 chart(s) failed');
    expect(code).toBe(0);
  });

  test('is rendered with its default values in deploy/kubernetes', async () => {
    expect(await readFile(RENDERED_DEFAULT, 'utf8')).toBe(await renderDefault(checkers.helm));
    expect(await renderProfile(checkers.helm, 'default')).toBe(await render(checkers.helm));
  });

  describe.each(PROFILES)('with the values %s', (profile) => {
    let file: string;

    beforeAll(async () => {
      file = await toFile(await renderProfile(checkers.helm, profile));
    });

    test('follows the schemas, and has no unknown field', async () => {
      const location = `${checkers.schemas}/{{ .ResourceKind }}{{ .KindSuffix }}.json`;
      const args = ['-strict', '-summary', '-schema-location', location, file];
      const checked = await runChecker(checkers.kubeconform, args);
      expect(checked.output).toMatch(/Valid: [1-9]\d*, Invalid: 0, Errors: 0, Skipped: 0/);
      expect(checked.code).toBe(0);
    });

    test('has nothing that kube-score finds', async () => {
      const strict = ['--exit-one-on-warning', '--ignore-test', Object.keys(NOT_FOR_US).join()];
      const args = ['score', ...strict, '--output-format', 'ci', file];
      const { code, output } = await runChecker(checkers.kubeScore, args);
      expect(output.split('\n').filter((line) => /^\[(?:WARNING|CRITICAL)\]/.test(line))).toEqual([]);
      expect(code).toBe(0);
    });

    test('follows the policies of deploy/policy', async () => {
      expect(await policyFailures(checkers.conftest, file)).toEqual([]);
    });
  });
});
